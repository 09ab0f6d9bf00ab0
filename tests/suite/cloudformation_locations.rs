//! The table of policy locations, held to the resource schemas.

use iam_preflight::template::cloudformation::{POLICY_LOCATIONS, grant_types};

/// Made from the schemas by `data/update.py`.
const PROPERTIES: &str = include_str!("../data/cloudformation-policy-properties.txt");
const EXCEPTIONS: &str = include_str!("../data/cloudformation-policy-exceptions.txt");

#[test]
fn every_policy_property_of_the_schemas_is_in_the_table_or_excepted_with_a_reason() {
    for location in POLICY_LOCATIONS {
        println!("{} {} {:?}", location.resource_type, location.property, location.holds);
    }
    let lines = |text: &'static str| text.lines().filter(|l| !l.starts_with('#') && !l.is_empty());
    let exceptions: Vec<(&str, &str)> = lines(EXCEPTIONS).map(|l| l.split_once(" => ").unwrap()).collect();
    let mut used = vec![false; exceptions.len()];
    let mut missing = Vec::new();
    for line in lines(PROPERTIES) {
        let mut fields = line.split('\t');
        let (resource_type, property) = (fields.next().unwrap(), fields.next().unwrap());
        let is_row = POLICY_LOCATIONS
            .iter()
            .any(|l| l.resource_type == resource_type && l.property.replace(".*", "") == property);
        if is_row || grant_types().any(|t| t == resource_type) && !property.starts_with("PublicAccessBlock") {
            continue;
        }
        match exceptions.iter().position(|(start, _)| line.starts_with(start)) {
            Some(i) => used[i] = true,
            None => missing.push(line),
        }
    }
    assert!(missing.is_empty(), "neither in the table nor excepted:\n{}", missing.join("\n"));
    let unused: Vec<_> = exceptions.iter().zip(&used).filter(|(_, used)| !**used).map(|(e, _)| e.0).collect();
    assert!(unused.is_empty(), "exceptions that nothing needs: {unused:?}");
}

#[test]
fn every_row_names_a_property_that_the_schemas_have() {
    // What stands within an OpenAPI document is not the schemas' business.
    for location in POLICY_LOCATIONS.iter().filter(|l| !l.property.starts_with("Body.")) {
        let row = format!("{}\t{}\t", location.resource_type, location.property.replace(".*", ""));
        assert!(PROPERTIES.contains(&row), "{row:?}");
    }
}
