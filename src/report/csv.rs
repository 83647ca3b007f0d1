//! Any result as one tidy table: `table,row,column,value`, a line for each figure.
//!
//! The names are those of `--json`: the table is the key of a list or an object, the row is what names an element of it
//! (method and route, instance, state and so on), the column is the rest of the path. Values stand as they are, without
//! units; what is not known has no line.

use serde_json::Value;

use crate::units::printable;

/// The keys by which an element of a list is called, in the order in which they are joined.
const NAMES: &[&str] =
    &["method", "route", "status", "code", "instance", "state", "cache", "name", "from", "figure", "group"];

/// The table's columns.
const COLUMNS: [&str; 4] = ["table", "row", "column", "value"];

/// The table on its own for figures that stand alone, and the row for what is about everything.
const TOTAL: &str = "total";

/// The lines, the names of the columns first.
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
        // Writing to memory does not fail.
        drop(writer.write_record(line.map(|text| printable(&text).into_owned())));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// The lines of one element; lists in it become rows of their own, in a table called like the path to them.
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

/// Where the path to the figures of an element begins.
fn path_of(element: &Value) -> &'static str {
    if element.is_object() { "" } else { "value" }
}

fn is_name(key: &str, value: Option<&Value>) -> bool {
    NAMES.contains(&key) && value.is_some_and(|value| value.is_string() || key == "from")
}

/// What an element is called; its place in the list when nothing names it.
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
