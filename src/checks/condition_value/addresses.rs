//! Public and private addresses in the values of `aws:SourceIp`.
//!
//! Source of the private ranges: RFC 1918, RFC 4193 and RFC 4291.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::checks::CheckContext;
use crate::checks::condition::{KeyUse, value};
use crate::policy::BaseOperator;

/// Address and length of the ranges that no request from the internet comes from.
const PRIVATE: &[(IpAddr, u8)] = &[
    (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
    (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
    (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
];

/// The uses of `aws:SourceIp` under an operator, `IfExists` or not.
pub(super) fn source_addresses<'c>(
    context: &'c CheckContext<'_>,
    base: BaseOperator,
) -> impl Iterator<Item = &'c KeyUse<'c>> {
    context.condition_keys().iter().filter(move |u| u.is("aws:SourceIp") && u.base() == Some(base))
}

/// The addresses of a key, sorted by kind.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    private: Vec<String>,
    public: usize,
    /// Values that are unknown or no address.
    other: usize,
}

impl Addresses {
    pub(super) fn of(used: &KeyUse<'_>) -> Addresses {
        let mut addresses = Addresses::default();
        for value in &used.key.values {
            match value.text.known().and_then(value::ip_range) {
                Some(range) if is_private(range) => addresses.private.push(value.text.display()),
                Some(_) => addresses.public += 1,
                None => addresses.other += 1,
            }
        }
        addresses
    }

    /// True if there are addresses, and every one is certainly private.
    pub(super) fn all_private(&self) -> bool {
        !self.private.is_empty() && self.public == 0 && self.other == 0
    }

    /// True if there are both private and public addresses.
    pub(super) fn is_mixed(&self) -> bool {
        !self.private.is_empty() && self.public > 0
    }

    /// The private ones, in brackets.
    pub(super) fn listed(&self) -> String {
        let names: Vec<String> = self.private.iter().map(|p| format!("`{p}`")).collect();
        format!(" ({})", names.join(", "))
    }
}

fn is_private(range: IpNet) -> bool {
    let blocks = PRIVATE.iter().filter_map(|(address, length)| IpNet::new(*address, *length).ok());
    // `contains` holds for ranges of one family only.
    blocks.into_iter().any(|block| block.contains(&range.trunc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_private_when_a_private_block_holds_all_of_it() {
        let private = |s: &str| value::ip_range(s).is_some_and(is_private);
        for range in
            ["10.0.0.0/8", "10.1.2.3", "172.16.0.0/12", "172.31.255.255", "192.168.0.10/16", "fd00::/8", "fe80::1"]
        {
            assert!(private(range), "{range}");
        }
        for range in ["10.0.0.0/7", "172.32.0.0/16", "0.0.0.0/0", "203.0.113.0/24", "2001:db8::/32", "::/0"] {
            assert!(!private(range), "{range}");
        }
    }
}
