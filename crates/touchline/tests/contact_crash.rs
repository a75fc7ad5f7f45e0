//! One person, more letters than the contact policy allows, and a server that is killed again and again while eight lines
//! carry them: the person gets exactly as many as allowed, whatever the moment. Every other kill waits for the worst one: a mail
//! has been handed over whole, and the server does not know yet that it was taken.
//!
//! `make crash` runs the long version: `TOUCHLINE_CRASHES` says how many kills.
#![allow(clippy::print_stdout, reason = "tells what was counted")]

mod server;

use server::Server;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// So many letters the rule allows, of so many that are wanted, by so many clients at the same time.
const CAP: usize = 20;
const WANTED: usize = 48;
const CLIENTS: usize = 8;

/// Is what the other side of the mail has seen.
#[derive(Default)]
struct Seen {
    /// Mails it took.
    taken: AtomicUsize,
    /// Mails that it has whole and has not answered yet.
    in_hand: AtomicUsize,
}

/// Takes mail slowly, so that kills find some under way; returns its address, and what it saw.
fn sink() -> (String, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    let (address, seen) = (listener.local_addr().expect("has one").to_string(), Arc::<Seen>::default());
    let shared = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let seen = Arc::clone(&shared);
            // A line that breaks off, breaks off: its server was killed.
            thread::spawn(move || drop(attend(&stream, &seen)));
        }
    });
    (address, seen)
}

fn attend(mut stream: &TcpStream, seen: &Seen) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    stream.write_all(b"220 sink\r\n")?;
    let (mut line, mut is_mail) = (String::new(), false);
    while reader.read_line(&mut line)? > 0 {
        let answer: &[u8] = match is_mail {
            true if line == ".\r\n" => {
                is_mail = false;
                seen.taken.fetch_add(1, Ordering::SeqCst);
                seen.in_hand.fetch_add(1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(60));
                seen.in_hand.fetch_sub(1, Ordering::SeqCst);
                b"250 taken\r\n"
            }
            true => b"",
            false if line.starts_with("DATA") => {
                is_mail = true;
                b"354 go on\r\n"
            }
            false => b"250 yes\r\n",
        };
        stream.write_all(answer)?;
        line.clear();
    }
    Ok(())
}

/// Asks as the owner does; an error says that the server is not there just now.
fn ask(server: &Mutex<Server>, cookie: &str, method: &str, path: &str, body: &str) -> std::io::Result<String> {
    // Not while it is asked: it may be killed meanwhile.
    let address = server.lock().expect("not poisoned").address.clone();
    let host = address.trim_start_matches("http://").to_owned();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nCookie: {cookie}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(host)?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer)?;
    Ok(answer)
}

/// Asks until the server is there and says yes.
fn ask_until(server: &Mutex<Server>, cookie: &str, method: &str, path: &str, body: &str) -> String {
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        match ask(server, cookie, method, path, body) {
            Ok(answer) if answer.starts_with("HTTP/1.1 2") => return answer,
            outcome => assert!(Instant::now() < until, "{method} {path}: {outcome:?}"),
        }
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_person_gets_as_many_as_allowed_however_often_the_server_is_killed() {
    let kills: usize = std::env::var("TOUCHLINE_CRASHES").ok().and_then(|kills| kills.parse().ok()).unwrap_or(10);
    let kills = kills.min(100);
    let folder = tempfile::tempdir().expect("folder");
    std::fs::create_dir(folder.path().join("a")).expect("makes a folder");
    let (sink, seen) = sink();
    let args = ["--inside", sink.as_str()];
    let first = Server::start(folder.path(), &args);
    let signed = first.sign_in();
    let cookie = signed.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("signs in");
    let cookie = cookie.split(';').next().expect("has a value").to_owned();
    let server = Arc::new(Mutex::new(first));
    let body = |answer: &str| -> serde_json::Value {
        serde_json::from_str(answer.split_once("\r\n\r\n").expect("has a body").1).expect("is JSON")
    };
    let mut settings = body(&ask_until(&server, &cookie, "GET", "/api/conversations/settings", ""));
    settings["mail"]["address"] = "help@shop.example.org".into();
    settings["mail"]["server"] = sink.clone().into();
    settings["mail"]["security"] = "plain".into();
    ask_until(&server, &cookie, "PUT", "/api/conversations/settings", &settings.to_string());
    let mut policy = body(&ask_until(&server, &cookie, "GET", "/api/people/policy", ""))["settings"].clone();
    policy["quiet"] = serde_json::json!({ "from": 0, "to": 0 });
    ask_until(&server, &cookie, "PUT", "/api/people/policy", &policy.to_string());
    let rule = serde_json::json!({ "scope": { "of": "any" }, "most": CAP, "window": { "kind": "rolling", "seconds": 86_400 }, "action": "drop" });
    ask_until(&server, &cookie, "POST", "/api/people/policy/rules", &rule.to_string());

    let is_over = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (server, cookie, is_over) = (Arc::clone(&server), cookie.clone(), Arc::clone(&is_over));
            thread::spawn(move || {
                for number in 0..WANTED / CLIENTS {
                    let survey = serde_json::json!({
                        "name": format!("Survey {client} {number}"), "touchpoint": "survey",
                        "questions": [{ "kind": "nps", "words": "Well?" }]
                    });
                    let made = ask_until(&server, &cookie, "POST", "/api/feedback/surveys", &survey.to_string());
                    let made: serde_json::Value =
                        serde_json::from_str(made.split_once("\r\n\r\n").expect("has a body").1).expect("is JSON");
                    let path = format!("/api/feedback/surveys/{}/invitations", made["id"]);
                    ask_until(&server, &cookie, "POST", &path, r#"{"addresses":["ann@example.org"]}"#);
                    thread::sleep(Duration::from_millis(100));
                }
                is_over.fetch_add(1, Ordering::SeqCst);
            })
        })
        .collect();
    let (mut chance, mut in_the_middle) = (7_u64, 0);
    for kill in 0..kills {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        thread::sleep(Duration::from_millis(50 + (chance >> 33) % 900));
        // The first hit is waited for: when all have gone that may, none will be under way any more. Clients go on meanwhile.
        let (is_wanted, patience) = (kill % 2 == 1 || in_the_middle == 0, if in_the_middle == 0 { 20 } else { 3 });
        let until = Instant::now() + Duration::from_secs(patience);
        while is_wanted && seen.in_hand.load(Ordering::SeqCst) == 0 && Instant::now() < until {
            thread::sleep(Duration::from_millis(2));
        }
        let mut server = server.lock().expect("not poisoned");
        in_the_middle += usize::from(seen.in_hand.load(Ordering::SeqCst) > 0);
        server.kill();
        *server = Server::start(folder.path(), &args);
    }
    clients.into_iter().for_each(|client| client.join().expect("ends"));
    // Now in peace, until every letter has an end.
    let until = Instant::now() + Duration::from_secs(120);
    let letters = loop {
        let shown = body(&ask_until(&server, &cookie, "GET", "/api/conversations/mail", ""));
        let letters = shown["letters"].as_array().expect("a list").clone();
        if letters.len() >= WANTED && letters.iter().all(|letter| letter["state"] != "queued") {
            break letters;
        }
        assert!(Instant::now() < until, "{letters:?}");
        thread::sleep(Duration::from_millis(300));
    };
    let taken = seen.taken.load(Ordering::SeqCst);
    let of = |state: &str, said: &str| {
        letters
            .iter()
            .filter(|one| one["state"] == state && one["said"].as_str().is_some_and(|text| text.starts_with(said)))
            .count()
    };
    let perhaps = of("sent", "perhaps") + of("failed", "perhaps");
    let (went, stopped) = (of("sent", "") + of("failed", "perhaps"), of("stopped", "frequency_cap"));
    println!(
        "{kills} kills, {in_the_middle} of them between a mail and its answer, {} letters wanted: {went} places used of {CAP}, {taken} taken by the sink, {perhaps} uncertain, {stopped} stopped",
        letters.len()
    );
    assert!(in_the_middle > 0, "no kill has hit a mail on its way");
    assert_eq!(went, CAP, "as many as allowed");
    assert_eq!(went + stopped, letters.len(), "and every other one stopped, with the reason");
    assert!(
        taken <= CAP && taken + perhaps >= CAP,
        "{taken} taken, {perhaps} uncertain: never more, and none missing that is not told"
    );
}
