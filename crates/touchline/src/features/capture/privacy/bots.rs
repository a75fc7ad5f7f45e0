//! Who is a machine, by what it says of itself. Its interactions are kept, marked and given a reason; analyses leave
//! them out. A machine that pretends to be a person is not found here, and a page says so (`docs/capture/privacy.md`).

use super::Caller;
use woothee::parser::Parser;

/// Programs that look at pages with a browser's own engine, but without anybody before it.
const HEADLESS: [&str; 7] = ["headless", "phantomjs", "puppeteer", "playwright", "selenium", "webdriver", "lighthouse"];

/// Words in the names of programs that walk through sites or look after them.
const CRAWLERS: [&str; 15] = [
    "bot",
    "crawl",
    "spider",
    "slurp",
    "scrape",
    "archiver",
    "indexer",
    "monitor",
    "uptime",
    "pingdom",
    "validator",
    "scanner",
    "facebookexternalhit",
    "mediapartners",
    "feedfetcher",
];

/// Words in the names of programs that fetch a page to show a picture of it in a message.
const PREVIEWS: [&str; 5] = ["preview", "whatsapp/", "embedly", "skypeuripreview", "snapchat ads"];

/// The beginnings of the names of libraries and tools.
const TOOLS: [&str; 18] = [
    "curl/",
    "wget/",
    "python",
    "go-http-client",
    "java/",
    "libwww",
    "apache-httpclient",
    "axios/",
    "node-fetch",
    "node",
    "undici",
    "ruby",
    "perl",
    "php",
    "guzzle",
    "postmanruntime",
    "httpie",
    "aiohttp",
];

/// Returns why a caller is held to be a machine; `None` for whom nothing gives away.
pub(super) fn reason(caller: &Caller) -> Option<&'static str> {
    if caller.prefetch {
        return Some("prefetch");
    }
    if caller.user_agent.is_empty() {
        return Some("no_agent");
    }
    // "Cubot" makes telephones.
    let agent = caller.user_agent.to_ascii_lowercase().replace("cubot", "");
    let names = |words: &[&str]| words.iter().any(|word| agent.contains(word));
    if names(&HEADLESS) {
        return Some("headless");
    }
    if names(&PREVIEWS) {
        return Some("preview");
    }
    if TOOLS.iter().any(|tool| agent.starts_with(tool)) {
        return Some("tool");
    }
    let is_crawler = || Parser::new().parse(&caller.user_agent).is_some_and(|known| known.category == "crawler");
    (names(&CRAWLERS) || is_crawler()).then_some("crawler")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(agent: &str, expected: Option<&str>) {
        let caller = Caller { user_agent: agent.into(), ..Caller::default() };
        assert_eq!(reason(&caller), expected, "{agent}");
    }

    #[test]
    fn people_are_not_taken_for_machines() {
        check("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", None);
        check(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
            None,
        );
        check(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
            None,
        );
        check(
            "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36",
            None,
        );
        check("Opera/9.80 (J2ME/MIDP; Opera Mini/7.1; U; fr) Presto/2.8.119 Version/11.10", None);
    }

    #[test]
    fn machines_are_found_by_what_they_say() {
        check("", Some("no_agent"));
        check("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Some("crawler"));
        check("Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)", Some("crawler"));
        check(
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/139.0.0.0 Safari/537.36",
            Some("headless"),
        );
        check("WhatsApp/2.23.20.0 A", Some("preview"));
        check("curl/8.14.1", Some("tool"));
        check("python-requests/2.32", Some("tool"));
        let early = Caller { user_agent: "Mozilla/5.0 Firefox/140.0".into(), prefetch: true, ..Caller::default() };
        assert_eq!(reason(&early), Some("prefetch"));
    }
}
