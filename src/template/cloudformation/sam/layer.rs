//! `AWS::Serverless::LayerVersion`: a layer version whose logical id changes with its properties.

use super::construct::Generated;
use super::intrinsic::{resolve, resolved_string};
use super::{Expansion, SamResource, function, logical_id};
use crate::source::{Entry, Node};

impl Expansion<'_> {
    pub fn layer(&mut self, sam: &SamResource<'_>) -> Vec<Generated> {
        let at = sam.at;
        // SAM reads these through references to parameters before it hashes.
        let properties: Vec<Entry> = sam
            .properties
            .iter()
            .map(|e| match e.key.as_str() {
                "LayerName" | "LicenseInfo" | "Description" | "RetentionPolicy" => {
                    Entry { value: resolve(&e.value, self.parameters).into_owned(), ..e.clone() }
                }
                _ => e.clone(),
            })
            .collect();
        let mut hashed = vec![
            at.entry("Type", at.string("AWS::Serverless::LayerVersion")),
            at.entry("Properties", at.mapping(properties.clone())),
        ];
        hashed.extend(sam.attributes_among(&["Condition", "DependsOn", "UpdatePolicy"]));
        let json = logical_id::canonical_json(&at.map([(sam.id.as_str(), at.mapping(hashed))]));
        let id = logical_id::with_hash(&sam.id, &json);
        self.references.rename(sam.id.clone(), id.clone());

        let mut attributes = sam.passed_on();
        attributes.extend(sam.attributes_among(&["DependsOn"]));
        let mut layer = Generated::new(id, "AWS::Lambda::LayerVersion", at, attributes);
        let retention = sam.get("RetentionPolicy").and_then(|p| resolved_string(p, self.parameters));
        match retention.map(|r| r.to_lowercase()).as_deref() {
            Some("retain") => layer.set_attribute("DeletionPolicy", at.string("Retain")),
            Some("delete") => layer.set_attribute("DeletionPolicy", at.string("Delete")),
            Some(_) => self.notice(sam, "`RetentionPolicy` must be `Retain` or `Delete`", sam.place("RetentionPolicy")),
            None if layer.attributes.iter().any(|a| a.key == "DeletionPolicy") => {}
            None => layer.set_attribute("DeletionPolicy", at.string("Retain")),
        }
        let name = properties.iter().find(|e| e.key == "LayerName").map(|e| e.value.clone());
        layer.set("LayerName", name.unwrap_or_else(|| at.string(&sam.id)));
        layer.copy(
            &crate::source::Mapping { entries: properties },
            &["Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo"],
        );
        let content = sam
            .get("ContentUri")
            .and_then(|uri: &Node| function::s3_location(uri, ["S3Bucket", "S3Key", "S3ObjectVersion"]));
        layer.set_some("Content", content);
        vec![layer]
    }
}
