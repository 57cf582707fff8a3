//! What a cluster refuses, refused here.

use openshift::Manifest;

use crate::{file, findings, one};

fn read(yaml: &str) -> Vec<Manifest> {
    Manifest::read_all(yaml).expect("YAML")
}

/// The migration document's resource, shortened to one entry of each kind.
const SEED: &str = "
apiVersion: llamastack.io/v1alpha1
kind: LlamaStackDistribution
metadata: {name: claims-llamastack, namespace: claims-demo}
spec:
  replicas: 1
  server:
    containerSpec:
      image: rh-dev
      resources: {requests: {cpu: 500m, memory: 2Gi}, limits: {cpu: 4, memory: 8Gi}}
      env: [{name: INFERENCE_MODEL, value: llama-3.2-3b-instruct}]
  apis: [inference]
  providers: {inference: [{provider_type: 'remote::vllm'}]}
";

#[test]
fn the_documents_own_resource_is_refused_by_both_releases_for_the_same_reasons() {
    let found = findings(&read(SEED));
    for release in ["operator v0.4.0", "operator v0.9.0"] {
        let here: Vec<_> = found.iter().filter(|finding| finding.contains(release)).collect();
        assert_eq!(here.len(), 3, "{here:#?}");
        for reason in
            ["'apis', 'providers' were unexpected", "\"distribution\" is a required", "'image' was unexpected"]
        {
            assert!(here.iter().any(|finding| finding.contains(reason)), "{reason}: {here:#?}");
        }
    }
}

#[test]
fn one_of_name_and_image_is_given_and_not_both() {
    for distribution in ["{name: rh-dev, image: quay.io/a/b}", "{}"] {
        let yaml = format!(
            "apiVersion: llamastack.io/v1alpha1\nkind: LlamaStackDistribution\nmetadata: {{name: a}}\n\
             spec: {{server: {{distribution: {distribution}}}}}\n"
        );
        let found = findings(&read(&yaml));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains("not exactly one of name and image"), "{found:#?}");
    }
}

#[test]
fn a_field_that_only_later_releases_know_is_refused_for_the_first() {
    let yaml = "apiVersion: llamastack.io/v1alpha1\nkind: LlamaStackDistribution\nmetadata: {name: a}\n\
                spec: {server: {distribution: {name: starter}, workers: 2}}\n";
    let found = findings(&read(yaml));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("operator v0.4.0") && found[0].contains("workers"), "{found:#?}");
}

#[test]
fn a_misspelt_field_is_found_wherever_it_stands() {
    let wrong = [
        ("llamastack/service.yaml", "Service", "/spec/ports/0/targetport"),
        ("llamastack/service.yaml", "Deployment", "/spec/template/spec/containers/0/startupprobe"),
        ("llamastack/distribution.yaml", "ConfigMap", "/metadata/lables"),
        ("llamastack/distribution.yaml", "LlamaStackDistribution", "/metadata/lables"),
        ("llamastack/route.yaml", "Route", "/spec/tls/terminaison"),
        ("policies/service-monitor.yaml", "ServiceMonitor", "/spec/endpoints/0/intervall"),
        ("policies/network-policies.yaml", "NetworkPolicy", "/spec/policyType"),
    ];
    for (path, kind, pointer) in wrong {
        let objects = file(path);
        let object = objects.iter().find(|object| object.kind() == kind).expect(kind);
        assert_eq!(findings(std::slice::from_ref(object)), Vec::<String>::new());
        let mut value = object.value().clone();
        let (place, field) = pointer.rsplit_once('/').expect("a pointer");
        value.pointer_mut(place).expect(pointer)[field] = "x".into();
        let found = findings(&read(&value.to_string()));
        assert!(!found.is_empty() && found.iter().all(|finding| finding.contains(field)), "{pointer}: {found:#?}");
    }
}

#[test]
fn a_kind_without_a_schema_is_not_passed_over() {
    let found = findings(&read("apiVersion: v1\nkind: Serivce\nmetadata: {name: a}\n"));
    assert_eq!(found, ["Serivce/a: /kind: no schema for v1 Serivce"]);
    let service = file("llamastack/service.yaml");
    assert_eq!(one(&service, "Service", "llamastack").api_version(), "v1");
}
