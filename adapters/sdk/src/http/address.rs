//! Addresses that credentials may be sent to: the one that the operator named, and no other.

use url::{Host, Url};

use crate::{AdapterError, Fault};

/// An address from the settings: https, or http to this machine alone.
pub(crate) fn base_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is no address: give one such as \"https://api.example.com\"")?;
    if url.host().is_none() {
        return Err("names no host: give an address such as \"https://api.example.com\"");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or password: these have settings of their own");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("holds a query or fragment: give the address without what follows ? or #");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_here(&url) => Ok(url),
        _ => Err("must begin with https:// (http:// only to this machine), since credentials are sent there"),
    }
}

/// Stands in for an address that was refused; nothing answers there.
pub(crate) fn nowhere() -> Url {
    Url::parse("https://nowhere.invalid/").expect("is an address")
}

/// Whether it is this machine.
pub(crate) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether both lead to the same place: scheme, host and port.
pub(crate) fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
}

/// `path` below `base`: what `base` has as a path stays in front, whether or not there are slashes. A path that begins with a slash counts from the
/// root of the host.
pub(crate) fn below(base: &Url, path: &str) -> Result<Url, AdapterError> {
    let mut url = base.clone();
    if path.starts_with('/') {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(path);
        url.set_query(query);
    } else if !path.is_empty() {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let joined = format!("{}/{path}", base.path().trim_end_matches('/'));
        url.set_path(&joined);
        url.set_query(query);
    }
    Ok(url)
}

/// An address that a vendor's answer named, absolute or relative to `base`: must lead to the same place as `base`.
pub(crate) fn followed(base: &Url, text: &str, vendor: &str) -> Result<Url, AdapterError> {
    let refused = |why: &str| {
        AdapterError::new(
            Fault::Protocol,
            format!("{vendor} named {why} for the next page: expected one on the host of base_url"),
        )
    };
    let url = base.join(text.trim()).map_err(|_| refused("what is no address"))?;
    if !same_origin(base, &url) || !url.username().is_empty() || url.password().is_some() {
        return Err(refused("an address elsewhere"));
    }
    Ok(url)
}
