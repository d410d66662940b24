//! All URLs.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aqueduct_cancel::CancelScope;
use aqueduct_group::policy::Policy;
use aqueduct_group::{AllOk, Collect, Discard, group};
use hyper::Uri;
use indicatif::ProgressBar;

use crate::cli::Args;
use crate::fetch::{Failure, HttpClient, client, fetch};
use crate::figures::{Figures, Recorder};

/// Fetches until all are done, or, if told so, until the first failure, or until the scope is cancelled.
pub(crate) async fn run(urls: Vec<Uri>, args: &Args, scope: &CancelScope) -> Figures {
    let connections = group().with_name("connections").open(Discard::new());
    let job = Job {
        client: client(connections.spawner(), args.limit),
        deadline: args.deadline,
        limit: args.limit,
        scope,
        recorder: Arc::new(Recorder::new(urls.len(), bar(urls.len()))),
    };
    let start = Instant::now();
    // What the policies give is in the figures already.
    match args.first_error {
        true => drop(job.fetch_all(urls, AllOk::new()).await),
        false => drop(job.fetch_all(urls, Collect::new()).await),
    }
    let figures = job.recorder.finish(start.elapsed());
    // Idle connections wait for more requests. Nobody has any.
    let _ = connections.shutdown().await;
    figures
}

fn bar(length: usize) -> ProgressBar {
    match std::io::stderr().is_terminal() {
        true => ProgressBar::new(length as u64),
        false => ProgressBar::hidden(),
    }
}

struct Job<'a> {
    client: HttpClient,
    deadline: Duration,
    limit: usize,
    scope: &'a CancelScope,
    recorder: Arc<Recorder>,
}

impl Job<'_> {
    /// The same for each policy: which failure ends the group is its business.
    async fn fetch_all<P>(&self, urls: Vec<Uri>, policy: P) -> P::Value
    where
        P: Policy<Output = Result<(), Failure>> + 'static,
    {
        let fetches = group()
            .with_name("fetches")
            .with_scope(self.scope)
            .with_limit(self.limit);
        fetches
            .run(policy, async |group| {
                for url in urls {
                    let name = url.to_string();
                    let fetching = self.fetch_one(url, group.scope().clone());
                    if group.task(name).spawn(fetching).await.is_err() {
                        return;
                    }
                }
            })
            .await
    }

    fn fetch_one(
        &self,
        url: Uri,
        scope: CancelScope,
    ) -> impl Future<Output = Result<(), Failure>> + Send + 'static {
        let (client, recorder, deadline) =
            (self.client.clone(), self.recorder.clone(), self.deadline);
        async move {
            let start = Instant::now();
            let fetched = fetch(&client, url.clone(), deadline, &scope).await;
            recorder.record(&url, start.elapsed(), &fetched);
            fetched.map(drop)
        }
    }
}
