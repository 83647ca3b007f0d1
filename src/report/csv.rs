//! Writes any result as one CSV table with the columns `table,row,column,value` and a line for each figure.
//!
//! The names are those of `--json`: the table is the key of a list or an object, the row is the name of an element in it
//! (method and route, instance, state and so on), and the column is the rest of the path. Values have no units; an unknown
//! value has no line.

use serde_json::Value;

use crate::units::printable;

/// The keys whose values make up the name of an element of a list, in the order in which they are joined.
const NAMES: &[&str] =
    &["method", "route", "status", "code", "instance", "state", "cache", "name", "from", "figure", "group"];

/// The header of the CSV file.
const COLUMNS: [&str; 4] = ["table", "row", "column", "value"];

/// The name of the table for single figures, and of the row for figures about everything.
const TOTAL: &str = "total";

/// The CSV text of a result, which must be a JSON object. The first line has the names of the columns.
pub fn csv(result: &Value) -> String {
    let mut lines = vec![COLUMNS.map(str::to_owned)];
    for (key, value) in result.as_object().into_iter().flatten() {
        match value {
            Value::Array(elements) => elements.iter().enumerate().for_each(|(at, element)| {
                figures(&mut lines, key, &row_name(element, at), path_of(element), element);
            }),
            Value::Object(_) => figures(&mut lines, key, TOTAL, "", value),
            single => figures(&mut lines, TOTAL, TOTAL, key, single),
        }
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    for line in lines {
        // Writing to memory cannot fail.
        drop(writer.write_record(line.map(|text| printable(&text).into_owned())));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// Adds the lines of one element. A list in it becomes a table of its own, named by the path to it.
fn figures(lines: &mut Vec<[String; 4]>, table: &str, row: &str, path: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            let named = fields.iter().filter(|(key, _)| !path.is_empty() || !is_name(key, fields.get(key.as_str())));
            for (key, field) in named {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                figures(lines, table, row, &path, field);
            }
        }
        Value::Array(elements) => {
            let table = format!("{table}.{path}");
            for (at, element) in elements.iter().enumerate() {
                let inner = row_name(element, at);
                let row = if row == TOTAL { inner } else { format!("{row} {inner}") };
                figures(lines, &table, &row, path_of(element), element);
            }
        }
        single => {
            let text = single.as_str().map_or_else(|| single.to_string(), str::to_owned);
            lines.push([table.to_owned(), row.to_owned(), path.to_owned(), text]);
        }
    }
}

/// The first part of the column's name: `value` for elements without keys of their own.
fn path_of(element: &Value) -> &'static str {
    if element.is_object() { "" } else { "value" }
}

fn is_name(key: &str, value: Option<&Value>) -> bool {
    NAMES.contains(&key) && value.is_some_and(|value| value.is_string() || key == "from")
}

/// The name of an element; its index in the list if it has no name.
fn row_name(element: &Value, at: usize) -> String {
    let names = NAMES.iter().filter_map(|key| {
        let value = element.get(key).filter(|value| is_name(key, Some(value)))?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)).filter(|name| !name.is_empty())
    });
    let name = names.collect::<Vec<_>>().join(" ");
    if name.is_empty() { at.to_string() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_a_line() {
        let result = serde_json::json!({
            "requests": 9,
            "window": {"duration_s": 60.5, "scrape_interval_s": null},
            "routes": [{"method": "GET", "route": "/a,b", "requests": 9, "latency_ms": {"p50": 1.5, "p99": {"above": 60000.0}}}],
            "batches": {"orders": 7, "sizes": [{"from": 1, "to": 1, "batches": 3}]},
            "timeline": {"at_s": [0.5, 1.5], "routes": [{"method": "GET", "route": "/a", "p95_ms": [null, 2.0]}]},
            "remarks": ["one"],
            "load_test": null,
        });
        let mut lines: Vec<_> = csv(&result).lines().map(str::to_owned).collect();
        assert_eq!(lines.remove(0), "table,row,column,value");
        lines.sort();
        assert_eq!(
            lines,
            [
                "batches,total,orders,7",
                "batches.sizes,1,batches,3",
                "batches.sizes,1,to,1",
                "remarks,0,value,one",
                "routes,\"GET /a,b\",latency_ms.p50,1.5",
                "routes,\"GET /a,b\",latency_ms.p99.above,60000.0",
                "routes,\"GET /a,b\",requests,9",
                "timeline.at_s,0,value,0.5",
                "timeline.at_s,1,value,1.5",
                "timeline.routes.p95_ms,GET /a 1,value,2.0",
                "total,total,requests,9",
                "window,total,duration_s,60.5",
            ]
        );
    }
}
