//! Overrides of single keys: `gateway.listen=…` on the command line, `CLAIMSTACK__GATEWAY__LISTEN=…` around it.

use anyhow::{Result, bail};
use serde_json::{Map, Value};

const PREFIX: &str = "CLAIMSTACK__";

/// Key paths with their values; the command line comes after, and so wins over, the environment.
pub fn collect<'a>(
    environment: impl Iterator<Item = (&'a String, &'a String)>,
    settings: &[String],
) -> Result<Vec<(String, Value)>> {
    let mut found: Vec<(String, Value)> = environment
        .filter_map(|(name, value)| {
            let path = name.strip_prefix(PREFIX)?;
            Some((path.to_lowercase().replace("__", "."), scalar(value)))
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    for setting in settings {
        let Some((key, value)) = setting.split_once('=') else {
            bail!("--set {setting}: expected key.path=value");
        };
        found.push((key.trim().to_owned(), scalar(value)));
    }
    Ok(found)
}

/// JSON where it is JSON (`3`, `true`, `["a"]`), else text.
fn scalar(value: &str) -> Value {
    serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()))
}

/// Sets the value at `key` (`a.b.0.c`), making objects on the way; a list is reached by index and does not grow.
pub fn set(tree: &mut Value, key: &str, value: Value) -> Result<()> {
    let mut place = tree;
    for part in key.split('.') {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        place = match place {
            Value::Array(list) => {
                let length = list.len();
                match part.parse::<usize>().ok().filter(|index| *index < length) {
                    Some(index) => &mut list[index],
                    None => bail!("{key}: '{part}' is not an index below {length}"),
                }
            }
            Value::Object(object) => object.entry(part).or_insert(Value::Null),
            _ => bail!("{key}: '{part}' lies below a single value"),
        };
    }
    *place = value;
    Ok(())
}
