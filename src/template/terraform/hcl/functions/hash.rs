//! Hash functions, over strings and files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;

use super::*;
use Takes::*;

pub(super) const FUNCTIONS: &[Function] = &[
    function("md5", (1, 1), Known, |c| hex(c, md5::Md5::digest(c.str(0)?))),
    function("sha1", (1, 1), Known, |c| hex(c, sha1::Sha1::digest(c.str(0)?))),
    function("sha256", (1, 1), Known, |c| hex(c, sha2::Sha256::digest(c.str(0)?))),
    function("sha512", (1, 1), Known, |c| hex(c, sha2::Sha512::digest(c.str(0)?))),
    function("base64sha256", (1, 1), Known, |c| base64(c, sha2::Sha256::digest(c.str(0)?))),
    function("base64sha512", (1, 1), Known, |c| base64(c, sha2::Sha512::digest(c.str(0)?))),
    function("filemd5", (1, 1), Known, |c| hex(c, md5::Md5::digest(super::files::bytes(c)?))),
    function("filesha1", (1, 1), Known, |c| hex(c, sha1::Sha1::digest(super::files::bytes(c)?))),
    function("filesha256", (1, 1), Known, |c| hex(c, sha2::Sha256::digest(super::files::bytes(c)?))),
    function("filesha512", (1, 1), Known, |c| hex(c, sha2::Sha512::digest(super::files::bytes(c)?))),
    function("filebase64sha256", (1, 1), Known, |c| base64(c, sha2::Sha256::digest(super::files::bytes(c)?))),
    function("filebase64sha512", (1, 1), Known, |c| base64(c, sha2::Sha512::digest(super::files::bytes(c)?))),
    function("uuidv5", (2, 2), Known, uuid_v5),
];

fn digits(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

fn hex(c: &Call<'_, '_>, bytes: impl AsRef<[u8]>) -> Eval<Value> {
    Ok(Value::string(digits(bytes), c.span))
}

fn base64(c: &Call<'_, '_>, bytes: impl AsRef<[u8]>) -> Eval<Value> {
    Ok(Value::string(STANDARD.encode(bytes), c.span))
}

/// RFC 9562, version 5; the four namespaces of its appendix by name.
fn uuid_v5(c: &Call<'_, '_>) -> Eval<Value> {
    let namespace = c.str(0)?;
    let namespace = match namespace.as_str() {
        "dns" => "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "url" => "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
        "oid" => "6ba7b812-9dad-11d1-80b4-00c04fd430c8",
        "x500" => "6ba7b814-9dad-11d1-80b4-00c04fd430c8",
        other => other,
    };
    let hex: String = namespace.chars().filter(|ch| *ch != '-').collect();
    let Some(bytes) = u128::from_str_radix(&hex, 16).ok().filter(|_| hex.len() == 32) else {
        return c.error(format!("`{namespace}` is not a UUID"));
    };
    let mut hash = sha1::Sha1::new();
    hash.update(bytes.to_be_bytes());
    hash.update(c.str(1)?);
    let mut bits = hash.finalize().iter().take(16).fold(0u128, |n, b| n << 8 | u128::from(*b));
    bits = bits & !(0xF << 76) | 5 << 76;
    bits = bits & !(0x3 << 62) | 2 << 62;
    let s = format!("{bits:032x}");
    let part = |from: usize, to: usize| s.get(from..to).unwrap_or("").to_owned();
    let parts = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)];
    Ok(Value::string(parts.join("-"), c.span))
}
