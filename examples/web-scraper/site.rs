//! A site that is made up: what is on it is a function of its seed, so that what a crawl must find is known.
//!
//! It has three hosts, of names that no DNS knows: whoever runs the server has a resolver that finds them. So URLs are the
//! same in each run, whatever port the server is on, and a crawl can be resumed. On each host:
//!
//! | path | what |
//! |---|---|
//! | `/` | links to what is below, to the other hosts, and to what is not to be followed |
//! | `/p/1` … `/p/N` | ordinary pages, a tree with random links across it, also between hosts; some are slow |
//! | `/calendar/0` … | each day links to the next: there is no end |
//! | `/list?sort=a&page=1` … | what links with a query look like |
//! | `/hop/0` … `/hop/3`, `/here`, `/there`, `/nowhere` | redirects: in a row, in a circle, to nothing |
//! | `/gone`, `/error`, `/torn`, `/picture`, `/heavy` | 404, 500, cut off half-way, no HTML, too long |
//! | `/closed` | 503 for ever |
//! | `/busy/1`, `/busy/2` | come after a while: 429 and 503 first, with `Retry-After` in seconds, and as a date |
//! | `/silent` | no answer for ever; only the first host links to it, and to those that are busy |
//! | `/private/…` | what robots.txt disallows |
//!
//! # Modules
//!
//! [`html`] how a page is written · [`server`] how it is served · [`witness`] whether it was asked as it should

pub(crate) mod html;
pub(crate) mod server;
pub(crate) mod witness;

use std::time::Duration;

/// A page is not longer than this if it is to be read; those that are heavy are.
pub(crate) const HEAVY: usize = 3 << 20;

/// A site, by its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    seed: u64,
    pages: u64,
}

/// What is at a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Html(Html),
    /// With where it leads to, if it says so.
    Redirect(u16, Option<String>),
    /// No page at all.
    Status(u16),
    /// As ordinary as any, but first so many other answers.
    Busy(Html, Busy),
    /// Not HTML, though it looks so.
    Picture,
    /// Ends before its end.
    Torn,
    /// Longer than [`HEAVY`].
    Heavy,
    /// Nothing comes.
    Silent,
}

/// A page as it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Html {
    pub(crate) title: String,
    /// URLs, which may be there more than once.
    pub(crate) links: Vec<String>,
    /// How long it takes.
    pub(crate) delay: Duration,
}

/// How a page is busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Busy {
    pub(crate) status: u16,
    /// How often, or for ever.
    pub(crate) times: Option<u32>,
    pub(crate) after: After,
}

/// How it says when to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    Seconds(u64),
    /// A date, so many seconds from now.
    Date(u64),
    Unsaid,
}

const HOSTS: [&str; 3] = ["a", "b", "c"];

impl Site {
    /// The site of this seed, with so many ordinary pages a host.
    pub(crate) fn new(seed: u64, pages: u64) -> Self {
        Self { seed, pages }
    }

    /// The names of its hosts, which tell its parameters.
    pub(crate) fn hosts(&self) -> [String; 3] {
        let Self { seed, pages } = self;
        HOSTS.map(|name| format!("{name}.seed-{seed}.pages-{pages}.test"))
    }

    /// Where a crawl begins.
    pub(crate) fn start(&self) -> String {
        format!("http://{}/", self.hosts()[0])
    }

    /// The robots.txt of each host.
    pub(crate) fn robots(&self) -> &'static str {
        "# A made-up site.\nUser-agent: *\nDisallow: /private/\n"
    }

    /// Whether a path may be asked for.
    pub(crate) fn allows(&self, path: &str) -> bool {
        !path.starts_with("/private/")
    }

    /// What is at a path of a host.
    pub(crate) fn answer(&self, host: &str, path: &str) -> Answer {
        let on = |path: &str| format!("http://{host}{path}");
        let html = |title: String, links| Html {
            title,
            links,
            delay: Duration::ZERO,
        };
        if let Some(number) = numbered(path, "/p/") {
            return match number {
                n if (1..=self.pages).contains(&n) => Answer::Html(self.ordinary(host, n)),
                _ => Answer::Status(404),
            };
        }
        if let Some(day) = numbered(path, "/calendar/") {
            let next = on(&format!("/calendar/{}", day.saturating_add(1)));
            let before = on(&format!("/calendar/{}", day.saturating_sub(1)));
            return Answer::Html(html(format!("Day {day}"), vec![next, before, on("/")]));
        }
        if let Some(hop) = numbered(path, "/hop/") {
            let to = match hop {
                0..3 => format!("/hop/{}", hop + 1),
                _ => "/p/1".to_owned(),
            };
            return Answer::Redirect(302, Some(on(&to)));
        }
        if let Some(page) = numbered(path, "/list?sort=a&page=") {
            let next = on(&format!("/list?sort=a&page={}", page + 1));
            let links = if page < 5 { vec![next] } else { Vec::new() };
            return Answer::Html(html(format!("List, page {page}"), links));
        }
        let busy = |status, times, after| {
            let page = html(format!("Was busy: {path}"), vec![on("/p/1")]);
            Answer::Busy(
                page,
                Busy {
                    status,
                    times,
                    after,
                },
            )
        };
        match path {
            "/" => Answer::Html(html(format!("Home of <{host}>"), self.home(host))),
            "/here" => Answer::Redirect(301, Some(on("/there"))),
            "/there" => Answer::Redirect(301, Some(on("/here"))),
            "/nowhere" => Answer::Redirect(302, None),
            "/error" => Answer::Status(500),
            "/torn" => Answer::Torn,
            "/picture" => Answer::Picture,
            "/heavy" => Answer::Heavy,
            "/silent" => Answer::Silent,
            "/busy/1" => busy(429, Some(2), After::Seconds(1)),
            "/busy/2" => busy(503, Some(1), After::Date(1)),
            "/closed" => busy(503, None, After::Unsaid),
            "/private/plans" => Answer::Html(html("Plans".to_owned(), vec![on("/private/more")])),
            _ => Answer::Status(404),
        }
    }

    fn home(&self, host: &str) -> Vec<String> {
        let here = [
            "/p/1",
            "/calendar/0",
            "/list?sort=a&page=1",
            "/hop/0",
            "/here",
            "/nowhere",
            "/gone",
            "/error",
            "/torn",
            "/picture",
            "/heavy",
            "/closed",
            "/private/plans",
            "/",
        ];
        let mut links: Vec<String> = here.map(|path| format!("http://{host}{path}")).into();
        links.extend(self.hosts().map(|host| format!("http://{host}/")));
        // Links that are noted and not followed.
        links.push("http://elsewhere.test/".to_owned());
        links.push(format!("https://{host}/"));
        links
    }

    /// A node of a tree, so that each is reached, which links to two more pages, of whatever host.
    fn ordinary(&self, host: &str, number: u64) -> Html {
        let hosts = self.hosts();
        let at = hosts.iter().position(|name| name == host).unwrap_or(0) as u64;
        let mut dice = Dice(self.seed ^ (at << 56) ^ number.wrapping_mul(0x9e37_79b9));
        let children = [2 * number, 2 * number + 1].into_iter();
        let mut links: Vec<String> = children
            .filter(|child| *child <= self.pages)
            .map(|child| format!("http://{host}/p/{child}"))
            .collect();
        for _ in 0..2 {
            let host = &hosts[dice.below(3) as usize];
            links.push(format!("http://{host}/p/{}", 1 + dice.below(self.pages)));
        }
        // Far from the start, so that not all wait for them from the beginning; and all at once.
        if at == 0 && number == self.pages {
            let special = ["/busy/1", "/busy/2", "/silent"];
            links.extend(special.map(|path| format!("http://{host}{path}")));
        }
        let delay = match dice.below(16) {
            0 => Duration::from_millis(10 + dice.below(50)),
            _ => Duration::ZERO,
        };
        Html {
            title: format!("Page {number} of {host}, \"quoted\" & more"),
            links,
            delay,
        }
    }
}

/// The number at the end of a path, in the one way in which it is written.
fn numbered(path: &str, prefix: &str) -> Option<u64> {
    let digits = path.strip_prefix(prefix)?;
    let number: u64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

/// SplitMix64: the same numbers on each machine, in each version.
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
