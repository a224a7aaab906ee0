#include "app/cli/bench.h"
#include "core/nn/device.h"
#include "core/train/gpt_training.h"
#include "core/train/transcoder_bench.h"

namespace tt::cli {

namespace {
constexpr int warmupSteps = 2;

struct Options {
    std::string preset = "tiny";
    std::vector<std::string> settings;
    std::vector<int> sizes;
    int steps = 5;
};

/// 16 times d features; `original`: as the Python program trains.
TranscoderTrainingConfig configuration(const Context &context, const Options &o, const GptConfig &model) {
    TranscoderTrainingConfig config{.features = 16 * model.dModel};
    if (o.preset == "original")
        config.learningRate = 1e-4;
    config.auxk = 0; // no feature dies in a few steps
    config.seed = context.seed;
    config.threads = context.threads;
    config.set("precision", context.precision);
    applySettings(config, o.settings);
    return config;
}

void benchOnce(Context &context, const Options &o) {
    const GptConfig model = GptTrainingConfig::fromPreset(o.preset).model;
    const TranscoderTrainingConfig config = configuration(context, o, model);
    const double peak = measureGemm(config.bfloat16) * 1e9;
    const TranscoderStepTimes times =
        timeTranscoderSteps(config, model, warmupSteps, o.steps, false, context.stop, context.output.progress());
    const double cached = median(times.cached), uncached = median(times.uncached);
    Json document{{"tokens_per_second", config.batch / cached},
                  {"tokens_per_second_uncached", config.batch / uncached},
                  {"step_seconds", cached},
                  {"step_seconds_uncached", uncached},
                  {"loss", times.loss},
                  {"preset", o.preset},
                  {"kind", toString(config.kind)},
                  {"activation", toString(config.activation)},
                  {"features", config.features},
                  {"k", config.k},
                  {"precision", context.precision},
                  {"threads", context.threads},
                  {"encoder_gflops", times.flops / cached * 1e-9},
                  {"gemm_peak_gflops", peak * 1e-9},
                  {"peak_memory_gb", peakMemoryGigabytes()}};
    std::string share;
    if (peak > 0) {
        document["peak_share"] = times.flops / cached / peak;
        share = "; the encoders' products alone make the step " + figures(100 * times.flops / cached / peak) +
                " % of the " + figures(peak * 1e-9) + " GFLOP/s that a product alone reaches";
    }
    context.output.result(document, o.preset + ", " + context.precision + ", " + std::to_string(context.threads) +
                                        " threads: " + figures(cached) + " s a step, " +
                                        grouped(config.batch / cached) + " tokens/s from activations in memory, " +
                                        grouped(config.batch / uncached) + " with the GPT's blocks in the step" +
                                        share);
}

void benchSizes(Context &context, const Options &o) {
    const GptConfig model = GptTrainingConfig::fromPreset(o.preset).model;
    Json document = Json::array();
    std::string text;
    for (const int features : o.sizes) {
        TranscoderTrainingConfig config = configuration(context, o, model);
        config.features = features;
        const TranscoderStepTimes times =
            timeTranscoderSteps(config, model, 1, o.steps, true, context.stop, context.output.progress());
        const double seconds = median(times.cached), perFeature = seconds / config.batch / features * 1e9;
        document.push_back({{"features", features},
                            {"step_seconds", seconds},
                            {"tokens_per_second", config.batch / seconds},
                            {"nanoseconds_per_token_and_feature", perFeature},
                            {"peak_memory_gb", peakMemoryGigabytes()}});
        text += grouped(features) + " features: " + figures(seconds) + " s a step, " + figures(perFeature) +
                " ns a token and feature, " + figures(peakMemoryGigabytes()) + " GB so far\n";
    }
    context.output.result(document, text);
}
} // namespace

void addBenchTranscoder(CLI::App &group, Context &context) {
    auto o = std::make_shared<Options>();
    CLI::App *sub = group.add_subcommand("transcoder", "Steps of training a transcoder on a new GPT's activations");
    sub->add_option("--preset", o->preset, "tiny, original or small")->capture_default_str();
    sub->add_option("--set", o->settings, "key=value, as for transcoder train")->take_all();
    sub->add_option("--sizes", o->sizes, "A table over these numbers of features instead, small ones first")
        ->delimiter(',');
    sub->add_option("--steps", o->steps, "Steps timed, after the warm-up")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    sub->callback([&context, o] {
        context.run = [&context, o] { o->sizes.empty() ? benchOnce(context, *o) : benchSizes(context, *o); };
    });
}

} // namespace tt::cli
