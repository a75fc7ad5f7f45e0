//! The simplex search of Nelder and Mead (1965), for likelihoods of a few parameters: no derivatives, the same path every time.

/// So many evaluations are enough for four parameters, or something is wrong with the likelihood.
const EVALUATIONS_MAX: usize = 4_000;
/// The search ends when the simplex is flatter than this, as a part of the value, or smaller than that.
const FLAT: f64 = 1e-13;
const SMALL: f64 = 1e-8;

/// Finds a place where a function is low, from a start and with first steps of a size; returns the place and the value.
///
/// What is no number counts as infinitely high. After the first end the search starts again around it once, because a simplex
/// can go flat too soon.
pub(super) fn minimise(start: &[f64], size: f64, mut f: impl FnMut(&[f64]) -> f64) -> (Vec<f64>, f64) {
    let mut value = |place: &[f64]| {
        let found = f(place);
        if found.is_nan() { f64::INFINITY } else { found }
    };
    let first = descend(start, size, &mut value);
    descend(&first.0, size / 4.0, &mut value)
}

fn descend(start: &[f64], size: f64, value: &mut dyn FnMut(&[f64]) -> f64) -> (Vec<f64>, f64) {
    let n = start.len();
    let mut simplex: Vec<(Vec<f64>, f64)> = (0..=n)
        .map(|corner| {
            let mut place = start.to_vec();
            if corner > 0 {
                place[corner - 1] += size;
            }
            let height = value(&place);
            (place, height)
        })
        .collect();
    for _ in 0..EVALUATIONS_MAX {
        simplex.sort_by(|one, other| one.1.total_cmp(&other.1));
        let (lowest, highest) = (simplex[0].1, simplex[n].1);
        let reach = (0..n).map(|at| (simplex[n].0[at] - simplex[0].0[at]).abs()).fold(0.0, f64::max);
        if highest - lowest <= FLAT * (lowest.abs() + FLAT) || reach < SMALL {
            break;
        }
        let centre: Vec<f64> = (0..n).map(|at| simplex[..n].iter().map(|corner| corner.0[at]).sum::<f64>() / n as f64).collect();
        let worst = simplex[n].0.clone();
        let mut along = |factor: f64| {
            let place: Vec<f64> = centre.iter().zip(&worst).map(|(centre, worst)| centre + factor * (worst - centre)).collect();
            let height = value(&place);
            (place, height)
        };
        let reflected = along(-1.0);
        if reflected.1 < lowest {
            let expanded = along(-2.0);
            simplex[n] = if expanded.1 < reflected.1 { expanded } else { reflected };
        } else if reflected.1 < simplex[n - 1].1 {
            simplex[n] = reflected;
        } else {
            let contracted = if reflected.1 < highest { along(-0.5) } else { along(0.5) };
            if contracted.1 < highest.min(reflected.1) {
                simplex[n] = contracted;
            } else {
                let best = simplex[0].0.clone();
                for corner in &mut simplex[1..] {
                    corner.0.iter_mut().zip(&best).for_each(|(own, best)| *own = best + 0.5 * (*own - best));
                    corner.1 = value(&corner.0);
                }
            }
        }
    }
    simplex.sort_by(|one, other| one.1.total_cmp(&other.1));
    simplex.swap_remove(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_bottom_of_a_bent_valley() {
        let (place, value) = minimise(&[-1.2, 1.0], 0.5, |p| (1.0 - p[0]).powi(2) + 100.0 * (p[1] - p[0] * p[0]).powi(2));
        assert!((place[0] - 1.0).abs() < 1e-5 && (place[1] - 1.0).abs() < 1e-5 && value < 1e-9, "{place:?} {value}");
    }

    #[test]
    fn no_number_is_no_way() {
        let (place, _) = minimise(&[1.0], 0.5, |p| if p[0] < 0.0 { f64::NAN } else { p[0] });
        assert!(place[0] >= 0.0 && place[0] < 1e-4, "{place:?}");
    }
}
