//! The bytes of a segment: a header, then frames.
//!
//! ```text
//! header  magic and version (8) | number of the first record (8) | length of the segment before (8) | crc32 (4)
//! frame   mark (4) | length of the body (4) | number of the group (4) | how many follow in it (4) | crc32 (4) | body
//! ```
//!
//! All numbers are little-endian; a check covers everything before it and behind it but the mark. The mark lets a
//! reader find the next frame behind damage; the number of the group lets it tell damage from what a crash leaves: a
//! group is written only when the one before it is durable.

use std::path::Path;

/// Begins every segment; the last byte is the version.
const MAGIC: [u8; 8] = *b"TLJRNL\0\x01";

/// Begins every frame.
const MARK: [u8; 4] = [0xf1, b'T', b'L', 0x9e];

/// Is the length of a segment's header.
pub(super) const HEAD: usize = 28;

/// Is the length of a frame's header.
pub(super) const FRAME_HEAD: usize = 20;

/// Is the header of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    /// The number of its first record.
    pub(super) first: u64,
    /// How much of the segment before it counts.
    pub(super) previous: u64,
}

impl Head {
    pub(super) fn bytes(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.first.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.previous.to_le_bytes());
        let check = crc32fast::hash(&bytes[..24]);
        bytes[24..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// Reads the header of a segment; `None` when it is none of ours.
    pub(super) fn read(segment: &[u8]) -> Option<Self> {
        let bytes = segment.first_chunk::<HEAD>()?;
        let is_whole = bytes[..8] == MAGIC && bytes[24..] == crc32fast::hash(&bytes[..24]).to_le_bytes();
        is_whole.then(|| Self { first: u64_at(bytes, 8), previous: u64_at(bytes, 16) })
    }
}

/// Is one record in a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Frame<'b> {
    /// The group with which it became durable, from 1 in each segment.
    pub(super) group: u32,
    /// How many more records became durable with it.
    pub(super) follow: u32,
    /// The record.
    pub(super) body: &'b [u8],
}

impl<'b> Frame<'b> {
    /// Appends the frame. The body must be shorter than 4 GiB.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let length = u32::try_from(self.body.len()).expect("a record is at most RECORD_MAX long").to_le_bytes();
        let numbers = [length, self.group.to_le_bytes(), self.follow.to_le_bytes()];
        out.extend_from_slice(&MARK);
        out.extend_from_slice(numbers.as_flattened());
        out.extend_from_slice(&check(numbers, self.body));
        out.extend_from_slice(self.body);
    }

    /// Reads the frame at the beginning of some bytes; `None` when there is no whole one.
    pub(super) fn read(bytes: &'b [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<FRAME_HEAD>()?;
        let [length, group, follow, found] = [4, 8, 12, 16].map(|at| std::array::from_fn(|n| head[at + n]));
        let body = rest.get(..u32::from_le_bytes(length) as usize)?;
        let is_whole = head[..4] == MARK && found == check([length, group, follow], body);
        is_whole.then(|| Self { group: u32::from_le_bytes(group), follow: u32::from_le_bytes(follow), body })
    }

    /// Finds the first whole frame of a group from this one on, however far behind.
    pub(super) fn find(bytes: &'b [u8], group: u32) -> Option<Self> {
        let marks = bytes.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
        marks.filter_map(|(at, _)| Frame::read(&bytes[at..])).find(|frame| frame.group >= group)
    }

    /// Returns how many bytes it takes.
    pub(super) const fn length(&self) -> usize {
        FRAME_HEAD + self.body.len()
    }
}

fn check(numbers: [[u8; 4]; 3], body: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(numbers.as_flattened());
    hasher.update(body);
    hasher.finalize().to_le_bytes()
}

fn u64_at(bytes: &[u8; HEAD], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|n| bytes[at + n]))
}

/// Names a segment.
pub(super) fn file_name(segment: u64) -> String {
    format!("{segment:010}.log")
}

/// Reads the number of a segment from its name; `None` when it is none.
pub(super) fn number_in(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_suffix(".log")?.parse().ok()
}
