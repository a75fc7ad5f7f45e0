"""Runs one analysis of another tool on a file, and prints the seconds of that analysis alone as JSON.

Reading the file, building the tool's own input, and starting Python are left out of the seconds; our own times are those of whole processes.
"""

import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")


def timed(run):
    """Runs an analysis; returns its seconds, CPU seconds of all threads, and answer."""
    start, cpu = time.perf_counter(), time.process_time()
    answer = run()
    return {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}, answer


def journeys(file):
    import pandas

    return pandas.read_csv(file)


def channelattribution(what, file):
    # The package prints an advertisement when it is imported.
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()):
        import ChannelAttribution as ca

        table = journeys(file)
        columns = {"var_path": "path", "var_conv": "total_conversions", "var_value": "total_conversion_value"}
        if what == "rules":
            run = lambda: ca.heuristic_models(table, **columns, flg_pro=False)
        else:
            run = lambda: ca.markov_model(table, **columns, var_null="total_null", order=int(what[-1]), verbose=False, flg_pro=False)
        times, answer = timed(run)
    if what == "rules":
        return times, {}
    total = answer["total_conversions"].sum()
    return times, {str(name): float(found) / total for name, found in zip(answer["channel_name"], answer["total_conversions"])}


def mam(what, file):
    import mam.core
    import polars

    # The tool takes journeys with and without an outcome as rows of their own.
    table = polars.read_csv(file)
    with_, without = table.filter(polars.col("total_conversions") > 0), table.filter(polars.col("total_null") > 0)
    rows = polars.concat([
        with_.select("path", polars.lit(True).alias("converted"), polars.col("total_conversions").alias("n")),
        without.select("path", polars.lit(False).alias("converted"), polars.col("total_null").alias("n")),
    ])
    made = mam.core.MAM(rows, "grouped_journey", "path", "converted", occurrences_colname="n")
    runs = {
        "first": made.run_first_click, "last": made.run_last_click, "linear": made.run_linear, "position": made.run_position_based,
        "markov1": made.run_markov, "shapley": made.run_shapley,
    }
    if what == "rules":
        return timed(lambda: [runs[rule]() for rule in ("first", "last", "linear", "position")])[0], {}
    return timed(runs[what])[0], {}


def do_attribution(what, file):
    import do_attribution as tool
    import numpy

    table = journeys(file)
    if what == "shapley":
        # Takes outcomes per path, and no journeys without.
        model = tool.ShapleyAttribution()
        times, answer = timed(lambda: model.fit(table["path"], (table["total_conversions"] > 0).astype(int)))
        return times, {}
    with_, without = table[table["total_conversions"] > 0], table[table["total_null"] > 0]
    paths = numpy.concatenate([with_["path"], without["path"]])
    converted = numpy.concatenate([numpy.ones(len(with_), int), numpy.zeros(len(without), int)])
    weights = numpy.concatenate([with_["total_conversions"], without["total_null"]])
    model = tool.MarkovAttribution(order=int(what[-1]), removal_strategy="redirect_to_null")
    times, answer = timed(lambda: model.fit(paths, converted, weights))
    return times, answer["attribution"] or {}


def lifelines(_, file):
    import polars
    from lifelines import KaplanMeierFitter

    people = polars.read_parquet(file)
    days, bought = people["days"].to_numpy(), people["bought"].to_numpy()
    times, fit = timed(lambda: KaplanMeierFitter().fit(days, bought))
    return times, {"within_30": 1.0 - float(fit.predict(30.0))}


def lifetimes(what, file):
    import polars
    from lifetimes import BetaGeoFitter, ParetoNBDFitter

    buyers = polars.read_parquet(file)
    fitter = {"bg_nbd": BetaGeoFitter, "pareto_nbd": ParetoNBDFitter}[what]()
    x, last, watched = (buyers[name].to_numpy() for name in ("x", "last", "watched"))
    times, fit = timed(lambda: fitter.fit(x, last, watched))
    return times, {name: float(value) for name, value in fit.params_.items()}


def pm4py(_, file):
    import pm4py as tool
    import polars

    events = polars.read_parquet(file).to_pandas()
    events = tool.format_dataframe(events, case_id="person", activity_key="signal", timestamp_key="at")

    def run():
        return tool.discover_dfg(events)[0], tool.get_variants(events)

    times, (graph, variants) = timed(run)
    return times, {"edges": len(graph), "variants": len(variants)}


def slsqp(_, file):
    import numpy
    from scipy.optimize import minimize

    problem = json.load(open(file))
    top, slope, half = (numpy.array([item["response"]["hill"][name] for item in problem["items"]]) for name in ("top", "slope", "half"))
    budget, count = problem["budget"], len(top)
    brings = lambda x: (top * x**slope / (x**slope + half**slope)).sum()
    even = numpy.full(count, budget / count)
    limits = {"bounds": [(0.0, budget)] * count, "constraints": {"type": "eq", "fun": lambda x: x.sum() - budget}}
    times, found = timed(lambda: minimize(lambda x: -brings(numpy.maximum(x, 0.0)), even, method="SLSQP", options={"maxiter": 1_000}, **limits))
    return times, {"brings": float(brings(numpy.maximum(found.x, 0.0)))}


TOOLS = {
    "ChannelAttribution": channelattribution, "marketing-attribution-models": mam, "do-attribution": do_attribution, "lifelines": lifelines,
    "lifetimes": lifetimes, "pm4py": pm4py, "scipy": slsqp,
}


def main():
    tool, what, file = sys.argv[1:]
    times, answer = TOOLS[tool](what, file)
    print(json.dumps(times | {"answer": answer}))


if __name__ == "__main__":
    main()
