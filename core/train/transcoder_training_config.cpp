#include "core/io/json_impl.h"
#include "core/train/parameter_table_impl.h"
#include "core/train/transcoder_training.h"

namespace tt {

namespace {
using Config = TranscoderTrainingConfig;

/// The index of the choice `text`; throws Error(Usage) with the list.
size_t chosen(const Parameter &parameter, const std::string &text) {
    const auto found = std::find(parameter.choices.begin(), parameter.choices.end(), text);
    if (found != parameter.choices.end())
        return static_cast<size_t>(found - parameter.choices.begin());
    std::string list;
    for (const std::string &each : parameter.choices)
        list += (list.empty() ? "" : ", ") + each;
    throw Error(parameter.label + " (" + parameter.key + ") must be one of " + list + ", not \"" + text + "\".",
                Error::Kind::Usage);
}

/// The first choice stands for false, the second for true.
template <class Reach>
Binding<Config> either(Parameter parameter, Reach reach) {
    parameter.kind = Parameter::Kind::Choice;
    return {parameter,
            [=](const Config &config) { return parameter.choices[reach(const_cast<Config &>(config)) ? 1 : 0]; },
            [=](Config &config, const std::string &text) { reach(config) = chosen(parameter, text) == 1; }};
}

/// A switch: "yes" and "no", and what people type instead.
template <class Reach>
Binding<Config> yesNo(Parameter parameter, Reach reach) {
    parameter.choices = {"no", "yes"};
    Binding<Config> binding = either(parameter, reach);
    binding.set = [plain = binding.set](Config &config, const std::string &text) {
        const bool yes = text == "1" || text == "true" || text == "on",
                   no = text == "0" || text == "false" || text == "off";
        plain(config, yes ? "yes" : no ? "no" : text);
    };
    return binding;
}

std::string toString(PenaltyForm form) {
    return form == PenaltyForm::Tanh ? "tanh" : "l0";
}

/// A member of an enumeration, by the names that `nameOf` gives its `values`.
template <class Enum, class Reach>
Binding<Config> choice(Parameter parameter, std::vector<Enum> values, Reach reach) {
    parameter.kind = Parameter::Kind::Choice;
    for (const Enum value : values)
        parameter.choices.push_back(toString(value));
    return {parameter, [reach](const Config &config) { return toString(reach(const_cast<Config &>(config))); },
            [=](Config &config, const std::string &text) { reach(config) = values[chosen(parameter, text)]; }};
}

std::vector<Binding<Config>> shapeBindings() {
    using enum Activation;
    return {
        choice<TranscoderKind>(
            {"kind", "Kind", "Whether a layer's features write to their own layer only, or to every later one too."},
            {TranscoderKind::PerLayer, TranscoderKind::CrossLayer},
            [](Config &c) -> TranscoderKind & { return c.kind; }),
        choice<Activation>(
            {"activation", "Activation",
             "Which features stay active: the k largest at a token (topk) or of a batch (batchtopk), those "
             "above a learned threshold (jumprelu) or above 0 (relu)."},
            {TopK, BatchTopK, JumpRelu, Relu}, [](Config &c) -> Activation & { return c.activation; }),
        number<Config>({"features",
                        "Features",
                        "Dictionary size of each layer; 16 times the GPT's width is usual.",
                        {},
                        1,
                        262144},
                       [](Config &c) -> int & { return c.features; }),
        number<Config>({"k",
                        "k",
                        "How many features may be active at a token, in each layer; what JumpReLU and ReLU aim at.",
                        {},
                        1,
                        4096},
                       [](Config &c) -> int & { return c.k; }),
        yesNo({"skip",
               "Linear skip",
               "Whether a linear map from the input to the output is learned beside the features.",
               {},
               0,
               0,
               {},
               true},
              [](Config &c) -> bool & { return c.skip; }),
    };
}

std::vector<Binding<Config>> sparsityBindings() {
    return {
        number<Config>(
            {"penalty",
             "Penalty",
             "What JumpReLU and ReLU pay for an active feature; 0 = found while training so that about k are "
             "active.",
             {},
             0,
             1e6},
            [](Config &c) -> double & { return c.penalty; }),
        choice<PenaltyForm>({"penalty_form",
                             "Penalty form",
                             "What JumpReLU pays for: the number of active features (l0), or a saturating function of "
                             "their size (tanh).",
                             {},
                             0,
                             0,
                             {},
                             true},
                            {PenaltyForm::L0, PenaltyForm::Tanh},
                            [](Config &c) -> PenaltyForm & { return c.penaltyForm; }),
        number<Config>({"penalty_warmup",
                        "Penalty warm-up",
                        "Steps over which a penalty that is set rises from 0; at most half of all.",
                        {},
                        0,
                        1e6,
                        {},
                        true},
                       [](Config &c) -> int64_t & { return c.penaltyWarmup; }),
        number<Config>({"bandwidth",
                        "Bandwidth",
                        "How near its threshold a JumpReLU feature must be for the threshold to learn from it.",
                        {},
                        1e-4,
                        10,
                        {},
                        true},
                       [](Config &c) -> double & { return c.bandwidth; }),
        number<Config>({"auxk",
                        "Dead features revived",
                        "How many dead features learn from the remaining error at a token; 0 = none.",
                        {},
                        0,
                        4096,
                        {},
                        true},
                       [](Config &c) -> int & { return c.auxk; }),
        number<Config>({"auxk_weight",
                        "Revival weight",
                        "How much the dead features' own loss counts beside the main one.",
                        {},
                        0,
                        10,
                        {},
                        true},
                       [](Config &c) -> double & { return c.auxkWeight; }),
        number<Config>({"dead_density",
                        "Dead below",
                        "A feature counts as dead while it fires at a smaller share of recent tokens than this.",
                        {},
                        0,
                        0.1,
                        {},
                        true},
                       [](Config &c) -> double & { return c.deadDensity; }),
    };
}

std::vector<Binding<Config>> scheduleBindings() {
    return {
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
        either({"precision",
                "Precision",
                "How features are chosen: by float32 products (fp32), or faster by bfloat16 ones (bf16), where another "
                "may win at a near tie; the chosen are computed in float32 either way. Activations that every step "
                "recomputes "
                "are rounded like stored ones.",
                {},
                0,
                0,
                {"fp32", "bf16"},
                true},
               [](Config &c) -> bool & { return c.bfloat16; }),
        choice<ActivationSource>(
            {"cache", "Activations",
             "Where the GPT's activations are kept: in memory, on disk for later runs too, nowhere (recompute), or in "
             "the first of these that fits (auto)."},
            {ActivationSource::Auto, ActivationSource::Memory, ActivationSource::Disk, ActivationSource::Recompute},
            [](Config &c) -> ActivationSource & { return c.cache; }),
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
        number<Config>({"snapshots",
                        "Snapshots",
                        "How many earlier states of the weights to keep, one a checkpoint at most; Features goes back "
                        "through them. Each is as large as the transcoder; 0 keeps none.",
                        {},
                        0,
                        200,
                        {},
                        true},
                       [](Config &c) -> int & { return c.snapshots; }),
        number<Config>({"seed", "Seed", "The same seed repeats a run.", {}, 0, 9e15, {}, true},
                       [](Config &c) -> uint64_t & { return c.seed; }),
        number<Config>({"threads", "Threads", "Processor cores to compute on; 0 = all.", {}, 0, 1024, {}, true},
                       [](Config &c) -> int & { return c.threads; }),
    };
}

const ParameterTable<Config> &table() {
    static const ParameterTable<Config> all([] {
        std::vector<Binding<Config>> bindings = shapeBindings();
        for (auto part : {scheduleBindings(), sparsityBindings()})
            bindings.insert(bindings.end(), part.begin(), part.end());
        return bindings;
    }());
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
