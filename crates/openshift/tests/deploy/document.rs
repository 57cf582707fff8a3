//! The values that the migration document names.

use serde_json::json;

use crate::{base, file, one};

#[test]
fn the_control_plane_has_the_documents_names_model_and_size() {
    let objects = file("llamastack/distribution.yaml");
    let server = &one(&objects, "LlamaStackDistribution", "claims-llamastack").value()["spec"]["server"];
    let container = &server["containerSpec"];
    assert_eq!(container["port"], 8321);
    assert_eq!(
        container["resources"],
        json!({"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"cpu": "4", "memory": "8Gi"}})
    );
    let value = |name: &str| {
        let variables = container["env"].as_array().expect("variables");
        variables.iter().find(|variable| variable["name"] == name).map(|found| found["value"].clone())
    };
    assert_eq!(value("INFERENCE_MODEL"), Some(json!("llama-3.2-3b-instruct")));
    assert_eq!(value("EMBEDDING_DIMENSION"), Some(json!("768")));
    for tool in ["ocr", "rag", "decision"] {
        let url = format!("http://{tool}-mcp-server.claims-demo.svc.cluster.local:8080/sse");
        assert_eq!(value(&format!("MCP_{}_SERVER_URL", tool.to_uppercase())), Some(json!(url)));
    }
}

#[test]
fn the_configuration_stands_under_both_keys_and_is_watched() {
    let objects = file("llamastack/distribution.yaml");
    let distribution = one(&objects, "LlamaStackDistribution", "claims-llamastack");
    let named = distribution.text("/spec/server/userConfig/configMapName");
    let map = one(&objects, "ConfigMap", named);
    assert_eq!(map.text("/metadata/labels/llamastack.io~1watch"), "true");
    assert_eq!(map.text("/data/run.yaml"), map.text("/data/config.yaml"));
    let configuration: serde_json::Value = serde_saphyr::from_str(map.text("/data/run.yaml")).expect("YAML");
    let groups = configuration["registered_resources"]["tool_groups"].as_array().expect("tool groups");
    let endpoints: Vec<_> =
        groups.iter().map(|group| (&group["toolgroup_id"], &group["mcp_endpoint"]["uri"])).collect();
    assert_eq!(
        json!(endpoints),
        json!([
            ["mcp::ocr-server", "${env.MCP_OCR_SERVER_URL}"],
            ["mcp::rag-server", "${env.MCP_RAG_SERVER_URL}"],
            ["mcp::decision-server", "${env.MCP_DECISION_SERVER_URL}"]
        ])
    );
    // Where it writes is where the volume is.
    let mount = distribution.text("/spec/server/storage/mountPath");
    for pointer in ["/storage/backends/kv_default/db_path", "/storage/backends/sql_default/db_path"] {
        let path = configuration.pointer(pointer).and_then(|path| path.as_str()).expect(pointer);
        assert!(path.starts_with(mount), "{path}");
    }
}

#[test]
fn the_documents_service_deployment_and_pods_are_there_to_be_asked() {
    let objects = file("llamastack/service.yaml");
    let service = one(&objects, "Service", "llamastack").value();
    assert_eq!(
        service["spec"],
        json!({
            "selector": {"app.kubernetes.io/name": "llamastack", "app.kubernetes.io/instance": "claims-llamastack"},
            "ports": [{"name": "http", "port": 8080, "targetPort": 8080, "protocol": "TCP"}],
            "type": "ClusterIP",
        })
    );
    // `oc logs deployment/llamastack`
    one(&objects, "Deployment", "llamastack");
    // `oc get pods -l mcp-server=true`
    let objects = base();
    for (tool, container) in [("ocr", "ocr-mcp"), ("rag", "rag-mcp"), ("decision", "decision-mcp")] {
        let name = format!("{tool}-mcp-server");
        let template = &one(&objects, "Deployment", &name).value()["spec"]["template"];
        assert_eq!(template["metadata"]["labels"]["mcp-server"], "true");
        assert_eq!(template["spec"]["containers"][0]["name"], container);
        assert_eq!(template["spec"]["containers"][0]["ports"], json!([{"name": "sse", "containerPort": 8080}]));
        assert_eq!(one(&objects, "Service", &name).text("/metadata/labels/mcp-server"), "true");
    }
    let ocr = one(&objects, "Deployment", "ocr-mcp-server");
    let mounts = ocr.list("/spec/template/spec/containers/0/volumeMounts");
    assert!(mounts.contains(&json!({"name": "documents", "mountPath": "/mnt/documents", "readOnly": true})));
}
