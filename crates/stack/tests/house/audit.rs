//! What an auditor does two years later: takes the file, checks it, and takes its decision again.

#![cfg(feature = "ocr")]

use serde_json::Value;
use testkit::openai::FakeModel;

use crate::claim::{process, script};
use crate::process::{Running, command, import};

#[tokio::test]
async fn a_decision_comes_out_of_its_file_again_and_no_change_stays_hidden() {
    let data = tempfile::tempdir().unwrap();
    import(data.path()).await;
    let model = FakeModel::start().await;
    let house = Running::start(data.path(), Some(&model), &["all"]).await;
    script(&model, "DEV-0002", "USR-1020", "documents/dev-0002.pdf");
    process(&house, "DEV-0002").await;

    let kept = data.path().join("audit.json");
    let path = kept.display().to_string();
    let running = ["audit", "export", "DEV-0002", "--out", &path, "--url", &house.url("claims", "")].map(str::to_owned);
    let output = command(data.path()).args(&running).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let over_http = std::fs::read_to_string(&kept).unwrap();
    drop(house);
    let output = command(data.path()).args(&running[..5]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let from_database = std::fs::read_to_string(&kept).unwrap();
    assert_eq!(over_http, from_database);

    // Somewhere else, with nothing but the file.
    let elsewhere = tempfile::tempdir().unwrap();
    let verify = async |text: &str| {
        let file = elsewhere.path().join("audit.json");
        std::fs::write(&file, text).unwrap();
        let output = command(elsewhere.path()).args(["audit", "verify"]).arg(file).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), said)
    };
    let (whole, said) = verify(&from_database).await;
    assert!(whole && said.contains("to the last character"), "{said}");

    let file: Value = serde_json::from_str(&from_database).unwrap();
    let mut richer = file.clone();
    richer["decisions"][0]["body"]["payable_amount"] = "7879.20".into();
    let (whole, said) = verify(&richer.to_string()).await;
    assert!(!whole && said.contains("payable_amount") && said.contains("not what the events say"), "{said}");
    let mut laxer = file.clone();
    let policy = laxer["policy"].as_str().unwrap().replacen("version: ", "version: x", 1);
    laxer["policy"] = policy.into();
    let (whole, said) = verify(&laxer.to_string()).await;
    assert!(!whole && said.contains("cannot be taken again"), "{said}");
    let (whole, said) = verify("{}").await;
    assert!(!whole && said.contains("not an audit file"), "{said}");
}
