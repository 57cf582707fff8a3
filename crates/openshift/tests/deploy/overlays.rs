//! The overlays, as kustomize renders them. `make deploy-test` runs these; they need kubectl, oc or kustomize.

use std::process::Command;

use openshift::Manifest;
use serde_json::{Value, json};

use crate::{base, deploy, findings, of_kind, one};

const OVERLAYS: [&str; 4] = ["our-control-plane", "postgres-ha", "rh-dev", "starter"];
const RENDERERS: [&[&str]; 3] = [&["kubectl", "kustomize"], &["oc", "kustomize"], &["kustomize", "build"]];

fn render(overlay: &str) -> Vec<Manifest> {
    let folder = deploy().join("overlays").join(overlay);
    for [program, verb] in RENDERERS.map(|words| [words[0], words[1]]) {
        let Ok(output) = Command::new(program).arg(verb).arg(&folder).output() else { continue };
        assert!(output.status.success(), "{overlay}: {}", String::from_utf8_lossy(&output.stderr));
        return Manifest::read_all(&String::from_utf8_lossy(&output.stdout)).expect("YAML");
    }
    panic!("none of kubectl, oc and kustomize is on the PATH");
}

fn server(objects: &[Manifest]) -> &Value {
    &one(objects, "LlamaStackDistribution", "claims-llamastack").value()["spec"]["server"]
}

#[test]
#[ignore = "needs kubectl, oc or kustomize: make deploy-test"]
fn a_cluster_accepts_every_overlay() {
    for overlay in OVERLAYS {
        assert_eq!(findings(&render(overlay)), Vec::<String>::new(), "{overlay}");
    }
}

#[test]
#[ignore = "needs kubectl, oc or kustomize: make deploy-test"]
fn over_openshift_ai_the_base_is_applied_as_it_is() {
    let mut rendered = render("rh-dev");
    let mut plain = base();
    let order = |object: &Manifest| (object.kind().to_owned(), object.name().to_owned());
    rendered.sort_by_key(order);
    plain.sort_by_key(order);
    assert_eq!(rendered, plain);
}

#[test]
#[ignore = "needs kubectl, oc or kustomize: make deploy-test"]
fn our_control_plane_is_started_by_its_own_command_and_no_configuration_of_the_official_one() {
    let objects = render("our-control-plane");
    let server = server(&objects);
    assert_eq!(server["distribution"], json!({"image": "quay.io/claims-demo/claimstack:latest"}));
    assert_eq!(server["containerSpec"]["command"], json!(["claimstack"]));
    assert_eq!(server["userConfig"], Value::Null);
    assert_eq!(of_kind(&objects, "ConfigMap").count(), 0);
}

#[test]
#[ignore = "needs kubectl, oc or kustomize: make deploy-test"]
fn several_replicas_share_a_database_and_survive_a_drain() {
    let objects = render("postgres-ha");
    let distribution = one(&objects, "LlamaStackDistribution", "claims-llamastack");
    assert_eq!(distribution.value()["spec"]["replicas"], 2);
    assert_eq!(server(&objects)["storage"], Value::Null, "a volume of one node");
    let by_reference = |list: &Value, name: &str| {
        let variables = list.as_array().expect("variables").clone();
        let found = variables.into_iter().find(|variable| variable["name"] == name).expect("set");
        assert_eq!(found["valueFrom"]["secretKeyRef"]["name"], "claimstack-database");
    };
    by_reference(&server(&objects)["containerSpec"]["env"], "CLAIMSTACK_GATEWAY_DATABASE_URL");
    let gateway = one(&objects, "Deployment", "llamastack").value();
    assert_eq!(gateway["spec"]["replicas"], Value::Null, "the autoscaler counts");
    by_reference(&gateway["spec"]["template"]["spec"]["containers"][0]["env"], "CLAIMSTACK_GATEWAY_DATABASE_URL");
    let backend = one(&objects, "Deployment", "backend").value();
    by_reference(&backend["spec"]["template"]["spec"]["containers"][0]["env"], "CLAIMS_DATABASE_URL");
    for (kind, name) in [("HorizontalPodAutoscaler", "llamastack"), ("PodDisruptionBudget", "claims-llamastack")] {
        one(&objects, kind, name);
    }
}
