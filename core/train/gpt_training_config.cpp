#include "core/io/json_impl.h"
#include "core/train/gpt_training.h"
#include "core/train/parameter_table_impl.h"

namespace tt {

namespace {
using Config = GptTrainingConfig;

/// One of a few words.
Binding<Config> choice(Parameter parameter, std::string Config::*member) {
    parameter.kind = Parameter::Kind::Choice;
    return {parameter, [member](const Config &config) { return config.*member; },
            [member, parameter](Config &config, const std::string &text) {
                const auto &choices = parameter.choices;
                if (std::find(choices.begin(), choices.end(), text) == choices.end())
                    throw Error(parameter.label + " must be " + choices.front() + " or " + choices.back() + ", not \"" +
                                    text + "\".",
                                Error::Kind::Usage);
                config.*member = text;
            }};
}

/// d or the heads changed: the head size follows (rounded down, as the original's 512 / 12 = 42).
Binding<Config> shaping(Binding<Config> binding) {
    const auto plain = binding.set;
    binding.set = [plain](Config &config, const std::string &text) {
        plain(config, text);
        config.model.headSize = config.model.dModel / config.model.heads;
    };
    return binding;
}

const ParameterTable<Config> &table() {
    static const ParameterTable<Config> all({
        number<Config>({"steps", "Steps", "How many batches are learned from.", {}, 1, 1e7},
                       [](Config &c) -> int64_t & { return c.steps; }),
        number<Config>({"batch", "Batch", "Sequences learned from at once; each is one context long.", {}, 1, 4096},
                       [](Config &c) -> int & { return c.batch; }),
        number<Config>({"context", "Context, tokens", "How many tokens the model can look back on.", {}, 2, 4096},
                       [](Config &c) -> int & { return c.model.context; }),
        number<Config>({"learning_rate",
                        "Learning rate",
                        "The size of a step; too large diverges, too small learns slowly.",
                        {},
                        1e-7,
                        1},
                       [](Config &c) -> double & { return c.learningRate; }),
        shaping(number<Config>({"d_model", "Width d", "Size of the residual stream.", {}, 8, 4096},
                               [](Config &c) -> int & { return c.model.dModel; })),
        shaping(number<Config>(
            {"heads", "Heads", "Places a token can look at at once; each head gets d / heads of the width.", {}, 1, 64},
            [](Config &c) -> int & { return c.model.heads; })),
        number<Config>({"layers", "Layers", "Blocks of attention and MLP; each MLP can get a transcoder.", {}, 1, 24},
                       [](Config &c) -> int & { return c.model.layers; }),
        choice({.key = "schedule",
                .label = "Schedule",
                .help = "How the learning rate moves after the warm-up: down a cosine to a tenth, or not at all.",
                .choices = {"cosine", "constant"},
                .advanced = true},
               &Config::schedule),
        choice({.key = "precision",
                .label = "Precision",
                .help = "What matrix products take in: float32, or bfloat16, twice as fast where the processor has "
                        "it. Weights and sums are float32 either way.",
                .choices = {"fp32", "bf16"},
                .advanced = true},
               &Config::precision),
        number<Config>({"warmup",
                        "Warm-up",
                        "Steps over which the learning rate rises from 0; at most a quarter of all.",
                        {},
                        0,
                        1e6,
                        {},
                        true},
                       [](Config &c) -> int64_t & { return c.warmup; }),
        number<Config>(
            {"weight_decay", "Weight decay", "How strongly AdamW pulls weights towards 0.", {}, 0, 10, {}, true},
            [](Config &c) -> double & { return c.weightDecay; }),
        number<Config>({"clip", "Clip", "Largest norm of the whole gradient; 0 = none.", {}, 0, 1000, {}, true},
                       [](Config &c) -> double & { return c.clip; }),
        number<Config>({"dropout", "Dropout", "Share of values dropped in training.", {}, 0, 0.9, {}, true},
                       [](Config &c) -> double & { return c.model.dropout; }),
        number<Config>({"beta2", "Adam β₂", "How slowly Adam forgets squared gradients.", {}, 0.5, 0.9999, {}, true},
                       [](Config &c) -> double & { return c.beta2; }),
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

std::vector<std::string> GptTrainingConfig::presets() {
    return {"tiny", "original", "small"};
}

GptTrainingConfig GptTrainingConfig::fromPreset(const std::string &name) {
    GptTrainingConfig config;
    config.preset = name;
    if (name == "tiny")
        return config;
    if (name == "original") {
        config.model = {
            .vocabSize = 50257, .dModel = 512, .heads = 12, .headSize = 42, .layers = 2, .context = 64, .dropout = 0.1};
        config.batch = 128;
        config.steps = 2000;
        config.learningRate = 3e-4;
        config.schedule = "constant";
        config.warmup = 0;
        config.weightDecay = 0.01;
        config.decayEverything = true;
        config.beta2 = 0.999;
        config.clip = 0;
        config.scaleResidualInit = false;
        return config;
    }
    if (name == "small") {
        config.model = {.vocabSize = 8192, .dModel = 512, .heads = 8, .headSize = 64, .layers = 4, .context = 256};
        config.batch = 64;
        config.steps = 6000;
        config.warmup = 200;
        config.learningRate = 6e-4;
        return config;
    }
    throw Error("There is no preset \"" + name + "\". There is: tiny, original, small.", Error::Kind::Usage);
}

const std::vector<Parameter> &GptTrainingConfig::parameters() {
    return table().parameters;
}

void GptTrainingConfig::set(const std::string &key, const std::string &value) {
    table().find(key).set(*this, value);
}

std::string GptTrainingConfig::get(const std::string &key) const {
    return table().find(key).get(*this);
}

std::vector<Problem> GptTrainingConfig::validate() const {
    std::vector<Problem> problems = table().outOfRange(*this);
    if (problems.empty())
        problems = model.validate();
    if (device != "cpu" && precision != "fp32")
        problems.push_back({"precision", "On " + device + " training computes in fp32; choose that precision."});
    return problems;
}

std::string toJson(const GptTrainingConfig &config) {
    OrderedJson values;
    for (const Parameter &parameter : GptTrainingConfig::parameters())
        values[parameter.key] = config.get(parameter.key);
    return writeJson({{"preset", config.preset},
                      {"corpus", config.corpus},
                      {"device", config.device},
                      {"decay_everything", config.decayEverything},
                      {"scale_residual_init", config.scaleResidualInit},
                      {"values", values},
                      {"model", OrderedJson::parse(toJson(config.model))}});
}

GptTrainingConfig gptTrainingConfigFromJson(const std::string &text) {
    const std::string what = "The GPT run's settings";
    const Json json = parseJsonObject(text, what);
    GptTrainingConfig config;
    config.preset = member<std::string>(json, "preset", what);
    config.corpus = member<std::string>(json, "corpus", what);
    config.device = memberOr<std::string>(json, "device", "cpu", what);
    config.decayEverything = member<bool>(json, "decay_everything", what);
    config.scaleResidualInit = member<bool>(json, "scale_residual_init", what);
    const Json values = member<Json>(json, "values", what);
    for (const auto &[key, value] : values.items())
        config.set(key, value.get<std::string>());
    config.model = gptConfigFromJson(member<Json>(json, "model", what).dump());
    return config;
}

} // namespace tt
