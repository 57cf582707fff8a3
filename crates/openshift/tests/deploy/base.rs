//! Each object of the base by itself.

use std::collections::BTreeSet;

use crate::{BASE, base, deploy, findings, of_kind};

#[test]
fn a_cluster_accepts_every_object_and_knows_every_field() {
    assert_eq!(findings(&base()), Vec::<String>::new());
}

#[test]
fn kustomize_applies_the_same_files() {
    let path = deploy().join("openshift/kustomization.yaml");
    let text = std::fs::read_to_string(path).expect("there");
    let kustomization: serde_json::Value = serde_saphyr::from_str(&text).expect("YAML");
    assert_eq!(kustomization["resources"], serde_json::json!(BASE));
}

#[test]
fn nothing_is_applied_twice_or_elsewhere() {
    let objects = base();
    let names: BTreeSet<_> = objects.iter().map(|object| (object.kind(), object.name())).collect();
    assert_eq!(names.len(), objects.len());
    for object in objects.iter().filter(|object| object.kind() != "Namespace") {
        assert_eq!(object.text("/metadata/namespace"), "claims-demo", "{}", object.name());
    }
}

#[test]
fn pods_run_as_anybody_and_write_only_below_their_mounts() {
    let objects = base();
    assert_eq!(of_kind(&objects, "Deployment").count(), 5);
    for deployment in of_kind(&objects, "Deployment") {
        let name = deployment.name();
        let pod = &deployment.value()["spec"]["template"]["spec"];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{name}");
        assert_eq!(pod["securityContext"]["runAsUser"], serde_json::Value::Null, "{name}: the cluster gives the uid");
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{name}");
        assert_eq!(pod["automountServiceAccountToken"], false, "{name}");
        let grace = pod["terminationGracePeriodSeconds"].as_u64().expect("a number");
        assert!(grace > 20, "{name}: killed before the 20 s of grace_seconds are over");
        for container in deployment.list("/spec/template/spec/containers") {
            let context = &container["securityContext"];
            assert_eq!(context["readOnlyRootFilesystem"], true, "{name}");
            assert_eq!(context["allowPrivilegeEscalation"], false, "{name}");
            assert_eq!(context["capabilities"]["drop"], serde_json::json!(["ALL"]), "{name}");
            for field in ["requests", "limits"] {
                assert!(container["resources"][field]["memory"].is_string(), "{name}: bounded memory");
                assert!(container["resources"][field]["cpu"].is_string(), "{name}: bounded cpu");
            }
            for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
                assert!(container[probe]["httpGet"]["path"].is_string(), "{name}: {probe}");
            }
        }
    }
}

#[test]
fn secrets_come_by_reference() {
    for object in base() {
        assert_ne!(object.kind(), "Secret");
        let containers = object.list("/spec/template/spec/containers").iter().map(|container| &container["env"]);
        let variables = containers.chain([&object.value()["spec"]["server"]["containerSpec"]["env"]]);
        for variable in variables.filter_map(|list| list.as_array()).flatten() {
            let name = variable["name"].as_str().expect("named");
            if ["TOKEN", "PASSWORD", "SECRET", "DATABASE_URL", "API_KEY"].iter().any(|word| name.ends_with(word))
                && name != "VLLM_MAX_TOKENS"
            {
                assert!(variable["valueFrom"]["secretKeyRef"]["name"].is_string(), "{}: {name}", object.name());
            }
        }
    }
}
