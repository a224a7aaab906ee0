#include "core/io/json_impl.h"
#include "core/train/parameter_table_impl.h"
#include "core/train/transcoder_training.h"

#include <array>

namespace tt {

namespace {
using Config = TranscoderTrainingConfig;

Binding<Config> cacheBinding() {
    using enum ActivationSource;
    Parameter parameter{.key = "cache",
                        .label = "Activations",
                        .help = "Where the GPT's activations are kept: in memory, on disk for later runs too, nowhere "
                                "(recompute), or in the first of these that fits (auto).",
                        .kind = Parameter::Kind::Choice};
    static constexpr std::array sources{Auto, Memory, Disk, Recompute};
    for (const ActivationSource source : sources)
        parameter.choices.push_back(toString(source));
    return {parameter, [](const Config &config) { return toString(config.cache); },
            [](Config &config, const std::string &text) {
                for (const ActivationSource source : sources)
                    if (text == toString(source)) {
                        config.cache = source;
                        return;
                    }
                throw Error("cache must be auto, memory, disk or recompute, not \"" + text + "\".", Error::Kind::Usage);
            }};
}

const ParameterTable<Config> &table() {
    static const ParameterTable<Config> all({
        number<Config>({"features",
                        "Features",
                        "Dictionary size of each layer; 16 times the GPT's width is usual.",
                        {},
                        1,
                        262144},
                       [](Config &c) -> int & { return c.features; }),
        number<Config>({"k", "k", "How many features may be active at a token, in each layer.", {}, 1, 4096},
                       [](Config &c) -> int & { return c.k; }),
        number<Config>({"steps", "Steps", "How many batches are learned from.", {}, 1, 1e7},
                       [](Config &c) -> int64_t & { return c.steps; }),
        number<Config>({"batch", "Batch, tokens", "Tokens learned from at once.", {}, 16, 1 << 20},
                       [](Config &c) -> int & { return c.batch; }),
        number<Config>({"learning_rate", "Learning rate", "The size of a step of Adam.", {}, 1e-7, 1},
                       [](Config &c) -> double & { return c.learningRate; }),
        number<Config>({"warmup",
                        "Warm-up",
                        "Steps over which the learning rate rises from 0; at most a quarter of all.",
                        {},
                        0,
                        1e6,
                        {},
                        true},
                       [](Config &c) -> int64_t & { return c.warmup; }),
        number<Config>({"clip", "Clip", "Largest norm of the whole gradient; 0 = none.", {}, 0, 1000, {}, true},
                       [](Config &c) -> double & { return c.clip; }),
        cacheBinding(),
        number<Config>({"cache_memory",
                        "Memory for activations, GB",
                        "Most memory that kept activations may take.",
                        {},
                        0,
                        100'000,
                        {},
                        true},
                       [](Config &c) -> double & { return c.cacheMemory; }),
        number<Config>({"cache_disk",
                        "Disk for activations, GB",
                        "Most room that cached activations may take in the workspace; those used longest ago are "
                        "removed beyond it.",
                        {},
                        0,
                        100'000,
                        {},
                        true},
                       [](Config &c) -> double & { return c.cacheDisk; }),
        number<Config>({"eval_every",
                        "Evaluate every",
                        "Steps between two measurements on held-out stories.",
                        {},
                        1,
                        1e6,
                        {},
                        true},
                       [](Config &c) -> int64_t & { return c.evalEvery; }),
        number<Config>({"checkpoint_every",
                        "Save every",
                        "Steps between two checkpoints; a kill loses at most these.",
                        {},
                        1,
                        1e6,
                        {},
                        true},
                       [](Config &c) -> int64_t & { return c.checkpointEvery; }),
        number<Config>({"seed", "Seed", "The same seed repeats a run.", {}, 0, 9e15, {}, true},
                       [](Config &c) -> uint64_t & { return c.seed; }),
        number<Config>({"threads", "Threads", "Processor cores to compute on; 0 = all.", {}, 0, 1024, {}, true},
                       [](Config &c) -> int & { return c.threads; }),
    });
    return all;
}
} // namespace

const std::vector<Parameter> &TranscoderTrainingConfig::parameters() {
    return table().parameters;
}

void TranscoderTrainingConfig::set(const std::string &key, const std::string &value) {
    table().find(key).set(*this, value);
}

std::string TranscoderTrainingConfig::get(const std::string &key) const {
    return table().find(key).get(*this);
}

std::vector<Problem> TranscoderTrainingConfig::validate() const {
    std::vector<Problem> problems = table().outOfRange(*this);
    if (k > features)
        problems.push_back({"k", "k must be at most the number of features, " + std::to_string(features) + "."});
    if (kind != TranscoderKind::PerLayer || activation != Activation::TopK)
        problems.push_back({"kind", "This version trains per-layer transcoders with TopK."});
    return problems;
}

std::string toJson(const TranscoderTrainingConfig &config) {
    OrderedJson values;
    for (const Parameter &parameter : TranscoderTrainingConfig::parameters())
        values[parameter.key] = config.get(parameter.key);
    return writeJson({{"gpt_run", config.gptRun}, {"corpus", config.corpus}, {"values", values}});
}

TranscoderTrainingConfig transcoderTrainingConfigFromJson(const std::string &text) {
    const std::string what = "The transcoder run's settings";
    const Json json = parseJsonObject(text, what);
    TranscoderTrainingConfig config;
    config.gptRun = member<std::string>(json, "gpt_run", what);
    config.corpus = member<std::string>(json, "corpus", what);
    const Json values = member<Json>(json, "values", what);
    for (const auto &[key, value] : values.items())
        config.set(key, value.get<std::string>());
    return config;
}

} // namespace tt
