//! Functions on IP prefixes.

use std::net::IpAddr;

use ipnet::IpNet;

use super::*;
use Takes::*;

pub(super) const FUNCTIONS: &[Function] = &[
    function("cidrhost", (2, 2), Known, |c| {
        let net = prefix(c, 0)?;
        let n = c.int(1)?;
        let room = 1i128.checked_shl(u32::from(net.max_prefix_len() - net.prefix_len())).unwrap_or(i128::MAX);
        let offset = if n < 0 { room + i128::from(n) } else { i128::from(n) };
        if offset < 0 || offset >= room {
            return c.error("the prefix has no such host");
        }
        shown(c, offset_by(net.network(), offset as u128).to_string())
    }),
    function("cidrnetmask", (1, 1), Known, |c| match prefix(c, 0)? {
        IpNet::V4(net) => shown(c, net.netmask().to_string()),
        IpNet::V6(_) => c.error("an IPv6 prefix has no netmask"),
    }),
    function("cidrsubnet", (3, 3), Known, |c| {
        let (bits, n) = (c.int(1)?, c.int(2)?);
        shown(c, subnet(c, prefix(c, 0)?, bits, n)?.to_string())
    }),
    function("cidrsubnets", (1, ANY), Known, |c| {
        let net = prefix(c, 0)?;
        let mut at = 0u128;
        let mut found = Vec::new();
        for i in 1..c.args.len() {
            let length = i64::from(net.prefix_len()) + c.int(i)?;
            let max = i64::from(net.max_prefix_len());
            if !(i64::from(net.prefix_len())..=max).contains(&length) {
                return c.error("not enough address space");
            }
            let size = 1u128.checked_shl((max - length) as u32).unwrap_or(u128::MAX);
            at = at.div_ceil(size).saturating_mul(size);
            let room = 1u128.checked_shl((max as u32) - u32::from(net.prefix_len())).unwrap_or(u128::MAX);
            if at.saturating_add(size) > room {
                return c.error("not enough address space");
            }
            found.push(Value::string(format!("{}/{length}", offset_by(net.network(), at)), c.span));
            at += size;
        }
        Ok(Value::list(found, c.span))
    }),
];

fn shown(c: &Call<'_, '_>, s: String) -> Eval<Value> {
    Ok(Value::string(s, c.span))
}

fn prefix(c: &Call<'_, '_>, i: usize) -> Eval<IpNet> {
    let s = c.str(i)?;
    match s.parse::<IpNet>() {
        Ok(net) => Ok(net.trunc()),
        Err(_) => c.error(format!("`{s}` is not an IP prefix")),
    }
}

fn offset_by(ip: IpAddr, n: u128) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => IpAddr::V4(u32::from(ip).wrapping_add(n as u32).into()),
        IpAddr::V6(ip) => IpAddr::V6(u128::from(ip).wrapping_add(n).into()),
    }
}

fn subnet(c: &Call<'_, '_>, net: IpNet, bits: i64, n: i64) -> Eval<IpNet> {
    let length = i64::from(net.prefix_len()).saturating_add(bits);
    let max = i64::from(net.max_prefix_len());
    if bits < 0 || length > max {
        return c.error("not enough address space");
    }
    let count = 1i128.checked_shl(bits as u32).unwrap_or(i128::MAX);
    let n = if n < 0 { count + i128::from(n) } else { i128::from(n) };
    if n < 0 || n >= count {
        return c.error("there is no subnet of that number");
    }
    let size = 1u128.checked_shl((max - length) as u32).unwrap_or(0);
    let ip = offset_by(net.network(), (n as u128).wrapping_mul(size));
    match IpNet::new(ip, length as u8) {
        Ok(net) => Ok(net),
        Err(_) => c.error("not a prefix"),
    }
}
