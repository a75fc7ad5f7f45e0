//! The checksums of SQLite's write-ahead log, read by ourselves: SQLite takes the first frame whose checksum is wrong
//! for the end of the log, silently, so that a flipped bit would swallow everything after it.
//!
//! The format is documented at <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>.

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Returns what is wrong with a write-ahead log; `None` when nothing is.
///
/// Frames of an earlier use of the file follow the last one; they bear other salts. What cannot be seen: a flipped bit
/// in the salts of the very last frame, which makes it look like one of those.
/// The second value tells whether it is damage: a wrong last frame is also what a process leaves that was killed in the
/// middle of a transaction, of which nobody was told that it is stored.
pub(crate) fn fault(log: &[u8]) -> Option<(String, bool)> {
    if log.is_empty() {
        return None;
    }
    let Some(header) = log.get(..HEADER) else { return damage("is shorter than its header") };
    let magic = word(header, 0);
    if magic & !1 != 0x377f_0682 {
        return damage("does not begin as a write-ahead log does");
    }
    let sums = Sums { is_big: magic & 1 == 1 };
    let mut sum = sums.add((0, 0), &header[..24]);
    if sum != (word(header, 24), word(header, 28)) {
        return damage("the checksum of its header is wrong");
    }
    let page = word(header, 8) as usize;
    if !page.is_power_of_two() || !(512..=65_536).contains(&page) {
        return damage("its header names an impossible size of pages");
    }
    let salts = &header[16..24];
    let mut broken = None;
    let mut torn = None;
    for (number, frame) in log[HEADER..].chunks_exact(FRAME_HEADER + page).enumerate() {
        let is_of_this_log = &frame[8..16] == salts;
        match broken {
            Some(first) if is_of_this_log => return damage(&format!("frame {first} is damaged, and what follows is lost")),
            None if is_of_this_log => {
                sum = sums.add(sums.add(sum, &frame[..8]), &frame[FRAME_HEADER..]);
                if sum != (word(frame, 16), word(frame, 20)) {
                    (broken, torn) = (Some(number), Some(number));
                }
            }
            _ => broken = broken.or(Some(number)),
        }
    }
    torn.map(|number| {
        (format!("its last frame, {number}, is torn: the process was killed while it wrote, or it is damaged"), false)
    })
}

fn damage(what: &str) -> Option<(String, bool)> {
    Some((what.to_owned(), true))
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Sums up words in the byte order that the log was written in.
struct Sums {
    is_big: bool,
}

impl Sums {
    fn add(&self, (mut one, mut other): (u32, u32), bytes: &[u8]) -> (u32, u32) {
        let word = |part: &[u8]| {
            let word = [part[0], part[1], part[2], part[3]];
            if self.is_big { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
        };
        for pair in bytes.chunks_exact(8) {
            one = one.wrapping_add(word(&pair[..4])).wrapping_add(other);
            other = other.wrapping_add(word(&pair[4..])).wrapping_add(one);
        }
        (one, other)
    }
}
