//! Drawing an RSA key, once in the life of an installation, for receivers that know no younger kind. Only the drawing is here;
//! what is secret while it signs is in hands that take the same time whatever they hold (`ring`).
//!
//! The primes are drawn as FIPS 186-5 (A.1.3) says: the system's own randomness, both top bits set, far apart, and tested by
//! Miller and Rabin with bases by chance, far more often than it asks for.

use crate::failure::{Failure, Result};
use num_bigint::BigUint;

/// The bits of a prime; the key has twice as many: what receivers take, and what one record of a zone has room for.
const PRIME_BITS: u64 = 1_024;
const EXPONENT: u32 = 65_537;
/// Rounds of the test: FIPS asks for five.
const ROUNDS: usize = 40;
/// Small primes end most candidates quickly.
const SIEVED: u32 = 2_000;

/// Draws a key, and returns it as PKCS #1 writes it. Takes seconds: not for a thread that answers.
pub(super) fn draw() -> Result<Vec<u8>> {
    let exponent = BigUint::from(EXPONENT);
    let (one, small) = (BigUint::from(1_u32), small_primes());
    loop {
        let (p, q) = (prime(&small)?, prime(&small)?);
        // The standard wants them far apart, and the larger one first.
        let (p, q) = if p > q { (p, q) } else { (q, p) };
        if (&p - &q).bits() < PRIME_BITS - 100 {
            continue;
        }
        let (p1, q1) = (&p - &one, &q - &one);
        let Some(d) = exponent.modinv(&(&p1 * &q1)) else { continue };
        let Some(inverse) = q.modinv(&p) else { continue };
        let parts = [BigUint::from(0_u32), &p * &q, exponent, d.clone(), p.clone(), q, &d % &p1, &d % &q1, inverse];
        return Ok(sequence(&parts.iter().map(integer).collect::<Vec<_>>().concat()));
    }
}

/// Writes a public key (PKCS #1) as records of zones hold it: with a word before it that says of which kind it is.
pub(super) fn public_record(key: &[u8]) -> Vec<u8> {
    // The object identifier of RSA, 1.2.840.113549.1.1.1, and no parameters.
    const KIND: [u8; 15] = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let bits = [&[0][..], key].concat();
    sequence(&[&KIND[..], &tagged(3, &bits)].concat())
}

fn prime(small: &[u32]) -> Result<BigUint> {
    let exponent = BigUint::from(EXPONENT);
    loop {
        let mut bytes = [0; PRIME_BITS as usize / 8];
        fill(&mut bytes)?;
        // Both top bits, so that the product has all its bits; and odd.
        bytes[0] |= 0xc0;
        bytes[PRIME_BITS as usize / 8 - 1] |= 1;
        let candidate = BigUint::from_bytes_be(&bytes);
        let zero = BigUint::from(0_u32);
        if small.iter().any(|prime| &candidate % *prime == zero) {
            continue;
        }
        // Coprime to the exponent, which is prime itself.
        if (&candidate % &exponent) != BigUint::from(1_u32) && is_prime(&candidate)? {
            return Ok(candidate);
        }
    }
}

/// Tests a number as Miller and Rabin do.
fn is_prime(number: &BigUint) -> Result<bool> {
    let (one, two) = (BigUint::from(1_u32), BigUint::from(2_u32));
    if *number < BigUint::from(4_u32) {
        return Ok(*number > one);
    }
    let last = number - &one;
    let Some(twos) = last.trailing_zeros().filter(|twos| *twos > 0) else { return Ok(false) };
    let odd = &last >> twos;
    let mut bytes = vec![0; number.to_bytes_be().len() + 8];
    'rounds: for _ in 0..ROUNDS {
        fill(&mut bytes)?;
        // Of 2 to number - 2, each as good as as likely.
        let base = BigUint::from_bytes_be(&bytes) % (number - 3_u32) + &two;
        let mut power = base.modpow(&odd, number);
        if power == one || power == last {
            continue;
        }
        for _ in 1..twos {
            power = power.modpow(&two, number);
            if power == last {
                continue 'rounds;
            }
        }
        return Ok(false);
    }
    Ok(true)
}

fn small_primes() -> Vec<u32> {
    (3..SIEVED).filter(|number| (2..*number).take_while(|by| by * by <= *number).all(|by| number % by != 0)).collect()
}

fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|error| Failure::new("The system gives no random bytes").because(&error))
}

fn integer(number: &BigUint) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    // A first bit that is set would make it negative.
    let sign = if bytes[0] & 0x80 == 0 { &[][..] } else { &[0] };
    tagged(2, &[sign, &bytes].concat())
}

fn sequence(inside: &[u8]) -> Vec<u8> {
    tagged(0x30, inside)
}

/// Writes a piece of DER: what it is, how long it is, and itself.
fn tagged(tag: u8, inside: &[u8]) -> Vec<u8> {
    let length = inside.len().to_be_bytes();
    let length = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
    let mut out = vec![tag];
    match length {
        [short] if *short < 0x80 => out.push(*short),
        long => {
            out.push(0x80 | u8::try_from(long.len()).unwrap_or_default());
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(inside);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes_are_told_from_what_looks_like_them() {
        let is = |number: &str| is_prime(&number.parse().expect("a number")).expect("there is chance");
        for prime in ["2", "3", "5", "65537", "170141183460469231731687303715884105727"] {
            assert!(is(prime), "{prime}");
        }
        // Carmichael's numbers, strong pseudoprimes to small bases, and a product of two large primes.
        for other in ["0", "1", "4", "561", "1729", "2047", "3215031751", "318665857834031151167461", "18446743979220271189"] {
            assert!(!is(other), "{other}");
        }
        assert_eq!(small_primes()[..5], [3, 5, 7, 11, 13]);
    }

    #[test]
    fn lengths_are_written_as_der_wants_them() {
        assert_eq!(tagged(4, &[])[..], [4, 0]);
        assert_eq!(tagged(4, &[0; 127])[..2], [4, 127]);
        assert_eq!(tagged(4, &[0; 128])[..3], [4, 0x81, 128]);
        assert_eq!(tagged(4, &[0; 256])[..4], [4, 0x82, 1, 0]);
        assert_eq!(integer(&BigUint::from(128_u32)), [2, 2, 0, 128]);
    }
}
