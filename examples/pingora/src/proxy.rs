//! The callbacks of pingora: where the selector decides, and where the cookie is set.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use canary_policy::{Decision, Sample};
use http::header::SET_COOKIE;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{Error, ErrorType, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::{ProxyHttp, Session};

use crate::policy_file::PolicyFile;

/// Decides for each request which variant answers it.
pub struct Proxy {
    pub policy_file: Arc<PolicyFile>,
    /// The servers of the variants, stable first.
    pub upstreams: Vec<SocketAddr>,
}

#[async_trait]
impl ProxyHttp for Proxy {
    type CTX = Option<Decision>;

    fn new_ctx(&self) -> Option<Decision> {
        None
    }

    /// Decides here and not in `upstream_peer`, which pingora calls again for each retry: a request keeps its variant.
    async fn request_filter(&self, session: &mut Session, decision: &mut Option<Decision>) -> Result<bool> {
        let sample = Sample::from_bits(rand::random());
        *decision = Some(self.policy_file.in_force().select(&session.req_header().headers, sample));
        Ok(false)
    }

    async fn upstream_peer(&self, _: &mut Session, decision: &mut Option<Decision>) -> Result<Box<HttpPeer>> {
        let place = decision.as_ref().and_then(|decision| decision.variant.index()).map_or(0, |canary| canary + 1);
        // The policy file was checked to have no more variants than there are upstreams.
        let address = self.upstreams.get(place).ok_or_else(|| Error::new(ErrorType::InternalError))?;
        Ok(Box::new(HttpPeer::new(address, false, String::new())))
    }

    async fn response_filter(
        &self,
        _: &mut Session,
        response: &mut ResponseHeader,
        decision: &mut Option<Decision>,
    ) -> Result<()> {
        if let Some(cookie) = decision.as_ref().and_then(|decision| decision.set_cookie.clone()) {
            response.append_header(SET_COOKIE, cookie)?;
        }
        Ok(())
    }

    async fn logging(&self, session: &mut Session, _: Option<&Error>, decision: &mut Option<Decision>) {
        let code = session.response_written().map_or(0, |response| response.status.as_u16());
        if let Some(decision) = decision {
            println!("{code} from {} by {}", decision.variant, decision.reason);
        }
    }
}
