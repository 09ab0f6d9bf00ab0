//! CloudFormation resource types: what `Ref` and `Fn::GetAtt` give, and the ARN.
//!
//! The table is made by `data/cloudformation.py`, which names its sources. Values are described, not made: who has
//! the template fills properties in and has unknowns for what is made at deployment.

use smol_str::SmolStr;

use super::container::Reader;
use super::decode::Strings;

/// A resource type.
#[derive(Clone, Debug)]
pub struct CloudFormationType {
    /// `AWS::SQS::Queue`
    pub name: SmolStr,
    /// The property that names the resource; CloudFormation makes a name when a template doesn't give it.
    pub name_property: Option<SmolStr>,
    /// The ARN of the resource.
    pub arn: Option<ValueFormat>,
    /// What `Ref` gives.
    pub reference: ValueShape,
    /// What `Fn::GetAtt` gives, sorted by the attribute's name; nested ones with dots (`Endpoint.Address`).
    pub attributes: Vec<(SmolStr, ValueShape)>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueShape {
    /// An ARN of that form.
    Arn(ValueFormat),
    /// An ARN of which no more is known.
    OtherArn,
    /// The value of this property, or what CloudFormation puts in its place if the template doesn't give it.
    Property(SmolStr),
    /// An identifier made at deployment, the same wherever the attribute of this name is meant.
    Id(SmolStr),
    /// A URL of that form.
    Url(ValueFormat),
    /// Nothing that the table knows more of.
    Other,
}

/// The form of a value: its parts, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueFormat {
    /// In order.
    pub parts: Vec<FormatPart>,
}

/// A part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatPart {
    /// This text.
    Literal(SmolStr),
    /// `AWS::Partition`
    Partition,
    /// `AWS::Region`
    Region,
    /// `AWS::AccountId`
    Account,
    /// `AWS::URLSuffix`
    UrlSuffix,
    /// The value of a property.
    Property {
        /// Its name.
        name: SmolStr,
        /// Text that the part lacks if the value begins with it: `https://` of an OIDC provider's URL.
        strip: SmolStr,
        /// What holds if the template doesn't give it; otherwise CloudFormation makes a value.
        default: Option<SmolStr>,
    },
    /// The property `Path`, which begins and ends with a slash; `/` if the template doesn't give it.
    Path,
    /// The value of a property and a slash; nothing if the template doesn't give it or gives the default. The bus in
    /// the ARN of an event rule.
    Qualifier {
        /// The property.
        name: SmolStr,
        /// The value that counts as none.
        default: SmolStr,
    },
    /// The value of this attribute, made at deployment.
    Attribute(SmolStr),
    /// A value made at deployment that no attribute gives.
    Unknown(SmolStr),
}

impl CloudFormationType {
    /// What `Fn::GetAtt` gives for an attribute; `None` if the table has no such attribute.
    pub fn attribute(&self, name: &str) -> Option<&ValueShape> {
        let at = self.attributes.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        self.attributes.get(at).map(|(_, shape)| shape)
    }
}

/// As `data/README.md` and the ARN formats of the reference write them: `arn:${Partition}:s3:::${BucketName}`. Values
/// made at deployment have a question mark, attributes an at sign.
impl std::fmt::Display for ValueFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for part in &self.parts {
            match part {
                FormatPart::Literal(text) => f.write_str(text)?,
                FormatPart::Partition => f.write_str("${Partition}")?,
                FormatPart::Region => f.write_str("${Region}")?,
                FormatPart::Account => f.write_str("${Account}")?,
                FormatPart::UrlSuffix => f.write_str("${URLSuffix}")?,
                FormatPart::Property { name, .. } => write!(f, "${{{name}}}")?,
                FormatPart::Path => f.write_str("${Path}")?,
                FormatPart::Qualifier { name, .. } => write!(f, "[${{{name}}}/]")?,
                FormatPart::Attribute(name) => write!(f, "${{@{name}}}")?,
                FormatPart::Unknown(name) => write!(f, "${{?{name}}}")?,
            }
        }
        Ok(())
    }
}

/// An entry `cloudformation/NAMESPACE`, sorted by name.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<CloudFormationType>> {
    let reader = &mut Reader::new(bytes);
    let strings = Strings::read(reader)?;
    let count = reader.count()?;
    let mut types = Vec::with_capacity(count);
    for _ in 0..count {
        let name = strings.string(reader)?;
        let name_property = Some(strings.string(reader)?).filter(|name| !name.is_empty());
        let arn = Some(format(&strings, reader)?).filter(|format| !format.parts.is_empty());
        let reference = shape(&strings, reader)?;
        let count = reader.count()?;
        let mut attributes = Vec::with_capacity(count);
        for _ in 0..count {
            attributes.push((strings.string(reader)?, shape(&strings, reader)?));
        }
        types.push(CloudFormationType { name, name_property, arn, reference, attributes });
    }
    reader.is_at_end().then_some(types)
}

fn shape(strings: &Strings, reader: &mut Reader<'_>) -> Option<ValueShape> {
    Some(match reader.number()? {
        0 => ValueShape::Arn(format(strings, reader)?),
        1 => ValueShape::OtherArn,
        2 => ValueShape::Property(strings.string(reader)?),
        3 => ValueShape::Id(strings.string(reader)?),
        4 => ValueShape::Url(format(strings, reader)?),
        5 => ValueShape::Other,
        _ => return None,
    })
}

fn format(strings: &Strings, reader: &mut Reader<'_>) -> Option<ValueFormat> {
    let count = reader.count()?;
    let mut parts = Vec::with_capacity(count);
    for _ in 0..count {
        parts.push(match reader.number()? {
            0 => FormatPart::Literal(strings.string(reader)?),
            1 => FormatPart::Partition,
            2 => FormatPart::Region,
            3 => FormatPart::Account,
            4 => FormatPart::UrlSuffix,
            5 => {
                let (name, strip) = (strings.string(reader)?, strings.string(reader)?);
                let default = Some(strings.string(reader)?).filter(|default| !default.is_empty());
                FormatPart::Property { name, strip, default }
            }
            6 => FormatPart::Attribute(strings.string(reader)?),
            7 => FormatPart::Unknown(strings.string(reader)?),
            8 => FormatPart::Path,
            9 => FormatPart::Qualifier { name: strings.string(reader)?, default: strings.string(reader)? },
            _ => return None,
        });
    }
    Some(ValueFormat { parts })
}
