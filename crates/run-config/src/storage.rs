//! Where state lies. Ours is one database: the file's PostgreSQL when it names one, else SQLite in the data directory.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use url::Url;

use crate::RunConfigError;
use crate::file::Storage;
use crate::reader::{Reader, plain};

const POSTGRES: [&str; 11] = [
    "type",
    "host",
    "port",
    "db",
    "user",
    "password",
    "table_name",
    "namespace",
    "ssl_mode",
    "ca_cert_path",
    "pool_size",
];

/// `storage`, from 3.2.
pub fn backends(reader: &mut Reader<'_>, storage: Storage) -> Result<(), RunConfigError> {
    for (name, store) in &storage.stores {
        let backend = store.as_ref().and_then(|store| store.get("backend")).and_then(Value::as_str);
        if let Some(backend) = backend
            && !storage.backends.contains_key(backend)
        {
            let known: Vec<_> = storage.backends.keys().map(String::as_str).collect();
            let rule = format!("no backend is called `{backend}`; there are: {}", known.join(", "));
            return Err(reader.rule(&format!("storage.stores.{name}.backend"), rule));
        }
    }
    for (name, backend) in storage.backends {
        one(reader, &format!("storage.backends.{name}"), backend)?;
    }
    Ok(())
}

/// `metadata_store` and its like, up to 3.0.
pub fn single(reader: &mut Reader<'_>, path: &str, store: Option<Value>) -> Result<(), RunConfigError> {
    match store {
        Some(Value::Object(entries)) => one(reader, path, entries.into_iter().collect()),
        None | Some(Value::Null) => Ok(()),
        Some(_) => Err(reader.rule(path, "a map with a type")),
    }
}

fn one(reader: &mut Reader<'_>, path: &str, backend: BTreeMap<String, Value>) -> Result<(), RunConfigError> {
    let backend: Map<_, _> = match reader.value(path, Value::Object(backend.into_iter().collect()))? {
        Value::Object(backend) => backend,
        _ => return Ok(()),
    };
    let kind = backend.get("type").and_then(plain).unwrap_or_default();
    match kind.as_str() {
        // Sets of keys go with the rows: there is one database.
        "sql_postgres" | "postgres" | "kv_postgres" => {
            if let Some(wrong) = backend.keys().find(|key| !POSTGRES.contains(&key.as_str())) {
                return Err(reader.rule(path, format!("unknown key `{wrong}`; allowed: {}", POSTGRES.join(", "))));
            }
            let url = address(&backend).ok_or_else(|| reader.rule(path, "host, port and db do not make an address"))?;
            // Rows decide where rows lie; a set of keys only where nothing else does.
            if kind != "kv_postgres" || !reader.gateway.contains_key("database_url") {
                reader.gateway.insert("database_url".into(), Value::String(url));
            }
        }
        "sql_sqlite" | "kv_sqlite" | "sqlite" => {
            reader
                .note("state lies in our data directory (CLAIMSTACK_DATA_DIR), not at the db_path of the file".into());
        }
        "kv_redis" | "kv_mongodb" | "redis" | "mongodb" => {
            reader.note(format!("{path}: {kind} is not offered; what it would keep lies in the database"));
        }
        other => {
            let rule = format!(
                "type `{other}` is none of kv_sqlite, kv_postgres, kv_redis, kv_mongodb, sql_sqlite, sql_postgres"
            );
            return Err(reader.rule(path, rule));
        }
    }
    Ok(())
}

fn address(backend: &Map<String, Value>) -> Option<String> {
    let get = |key: &str| backend.get(key).and_then(plain);
    let mut url = Url::parse("postgres://localhost").ok()?;
    url.set_host(Some(&get("host").unwrap_or_else(|| "localhost".into()))).ok()?;
    let port = get("port").unwrap_or_else(|| "5432".into());
    url.set_port(Some(port.parse().ok()?)).ok()?;
    url.set_path(&get("db").unwrap_or_else(|| "llamastack".into()));
    url.set_username(&get("user").unwrap_or_else(|| "llamastack".into())).ok()?;
    url.set_password(get("password").as_deref()).ok()?;
    if let Some(mode) = get("ssl_mode") {
        url.query_pairs_mut().append_pair("sslmode", &mode);
    }
    if let Some(file) = get("ca_cert_path") {
        url.query_pairs_mut().append_pair("sslrootcert", &file);
    }
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::address;

    #[test]
    fn a_password_may_hold_what_it_likes() {
        let backend = json!({"host": "db", "port": 5433, "db": "stack", "user": "ann", "password": "p@ss/w:rd",
            "ssl_mode": "verify-full"});
        let url = address(backend.as_object().unwrap()).unwrap();
        assert_eq!(url, "postgres://ann:p%40ss%2Fw%3Ard@db:5433/stack?sslmode=verify-full");
        assert_eq!(address(json!({"port": "many"}).as_object().unwrap()), None);
    }
}
