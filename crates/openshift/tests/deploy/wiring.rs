//! Objects that name each other.

use std::collections::HashMap;

use openshift::Manifest;
use serde_json::Value;

use crate::{base, of_kind, one};

fn selected(selector: &Value, labels: &Value) -> bool {
    let wanted = selector.as_object().expect("labels");
    !wanted.is_empty() && wanted.iter().all(|(name, value)| labels.get(name) == Some(value))
}

fn pods(objects: &[Manifest]) -> Vec<&Value> {
    of_kind(objects, "Deployment").map(|deployment| &deployment.value()["spec"]["template"]).collect()
}

#[test]
fn every_service_reaches_the_pods_of_one_deployment_at_a_port_they_open() {
    let objects = base();
    for service in of_kind(&objects, "Service") {
        let reached: Vec<_> = pods(&objects)
            .into_iter()
            .filter(|pod| selected(&service.value()["spec"]["selector"], &pod["metadata"]["labels"]))
            .collect();
        assert_eq!(reached.len(), 1, "{}", service.name());
        let open: Vec<_> = reached[0]["spec"]["containers"][0]["ports"].as_array().into_iter().flatten().collect();
        for port in service.list("/spec/ports") {
            assert!(open.iter().any(|open| open["containerPort"] == port["targetPort"]), "{}", service.name());
        }
    }
}

#[test]
fn every_deployment_selects_its_own_pods_and_no_others() {
    let objects = base();
    for deployment in of_kind(&objects, "Deployment") {
        let selector = &deployment.value()["spec"]["selector"]["matchLabels"];
        let count = pods(&objects).into_iter().filter(|pod| selected(selector, &pod["metadata"]["labels"])).count();
        assert_eq!(count, 1, "{}", deployment.name());
    }
}

#[test]
fn every_route_leads_to_a_port_of_its_service_and_waits_for_a_turn() {
    let objects = base();
    for route in of_kind(&objects, "Route") {
        let service = one(&objects, "Service", route.text("/spec/to/name"));
        let wanted = route.text("/spec/port/targetPort");
        assert!(service.list("/spec/ports").iter().any(|port| port["name"] == wanted), "{}", route.name());
        let seconds: u64 = route
            .text("/metadata/annotations/haproxy.router.openshift.io~1timeout")
            .trim_end_matches('s')
            .parse()
            .expect("seconds");
        assert!(seconds >= 300, "{}: the router ends a turn before its limit", route.name());
    }
}

#[test]
fn every_volume_has_its_claim_and_every_mount_its_volume() {
    let objects = base();
    for deployment in of_kind(&objects, "Deployment") {
        let volumes = deployment.list("/spec/template/spec/volumes");
        for volume in volumes {
            if let Some(claim) = volume["persistentVolumeClaim"]["claimName"].as_str() {
                one(&objects, "PersistentVolumeClaim", claim);
            }
        }
        for container in deployment.list("/spec/template/spec/containers") {
            for mount in container["volumeMounts"].as_array().into_iter().flatten() {
                assert!(volumes.iter().any(|volume| volume["name"] == mount["name"]), "{}", deployment.name());
            }
        }
    }
}

/// A service answers only to names it is told, so a URL with another name is refused by the service it leads to.
#[test]
fn every_url_between_our_services_names_a_service_that_answers_to_that_name() {
    let objects = base();
    let mut answers: HashMap<&str, Vec<String>> = HashMap::new();
    let mut urls = Vec::new();
    for deployment in of_kind(&objects, "Deployment") {
        for variable in deployment.list("/spec/template/spec/containers/0/env") {
            let value = variable["value"].as_str().unwrap_or_default();
            if variable["name"].as_str().is_some_and(|name| name.ends_with("__ALLOWED__HOSTS")) {
                answers.insert(deployment.name(), serde_json::from_str(value).expect("a list of names"));
            }
            urls.extend(value.split('"').filter(|part| part.starts_with("http://")).map(str::to_owned));
        }
    }
    let called: Vec<_> = urls
        .iter()
        .filter_map(|url| url.strip_prefix("http://")?.split(['/', ':']).next())
        .filter_map(|host| Some((host, host.split('.').next()?)))
        .filter(|(_, service)| *service != "claims-llamastack-service")
        .collect();
    assert!(called.len() >= 11, "{called:?}");
    for (host, service) in called {
        one(&objects, "Service", service);
        assert!(answers[service].iter().any(|name| name == host), "{service} does not answer to {host}");
    }
}

#[test]
fn network_policies_guard_all_our_pods_and_let_the_operators_server_call_the_tools() {
    let objects = base();
    for pod in pods(&objects) {
        let labels = &pod["metadata"]["labels"];
        let guarding: Vec<_> = of_kind(&objects, "NetworkPolicy")
            .filter(|policy| selected(&policy.value()["spec"]["podSelector"]["matchLabels"], labels))
            .collect();
        assert_eq!(guarding.len(), 1, "{labels}");
        for port in guarding[0].list("/spec/ingress/0/ports") {
            assert_eq!(port["port"], pod["spec"]["containers"][0]["ports"][0]["containerPort"], "{labels}");
        }
        // The operator's policy lets through who carries this label, and its Service takes who carries the other.
        assert_eq!(labels["app.kubernetes.io/part-of"], "llama-stack", "{labels}");
        assert_ne!(labels["app"], "llama-stack", "{labels}");
    }
    let tools = one(&objects, "NetworkPolicy", "mcp-servers");
    let peers = tools.list("/spec/ingress/0/from");
    assert!(peers.iter().any(|peer| peer["podSelector"]["matchLabels"]["app"] == "llama-stack"));
}
