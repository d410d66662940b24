//! Where hosts are: what DNS says, or, for the site that is made up, one address for all.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

/// A resolver for hyper.
#[derive(Clone, Debug)]
pub(crate) struct Resolve {
    address: Option<SocketAddr>,
    dns: GaiResolver,
}

impl Resolve {
    /// All names are at `address` if there is one. Its port holds where a URL has none.
    pub(crate) fn new(address: Option<SocketAddr>) -> Self {
        Self {
            address,
            dns: GaiResolver::new(),
        }
    }
}

impl Service<Name> for Resolve {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.dns.poll_ready(cx)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        if let Some(address) = self.address {
            return Box::pin(async move { Ok(vec![address].into_iter()) });
        }
        let found = self.dns.call(name);
        Box::pin(async move { Ok(found.await?.collect::<Vec<_>>().into_iter()) })
    }
}
