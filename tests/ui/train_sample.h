#pragma once

// A workspace and two runs in the middle of their training, as the Train place would show them.

#include "ui/values.h"

#include <cmath>
#include <random>

namespace tt::sample {

inline WorkspaceSummary workspace() {
    WorkspaceSummary summary;
    summary.folder = QStringLiteral("Demonstration");
    summary.corpora = {{.name = "generated-120k", .source = "generated", .stories = 120'000, .bytes = 86'400'000},
                       {.name = "tinystories-valid", .source = "download", .stories = 27'630, .bytes = 22'500'000}};
    summary.tokenizers = {{QStringLiteral("own-4096"), QStringLiteral("bpe"), 4096},
                          {QStringLiteral("gpt2"), QStringLiteral("gpt2"), 50257}};
    GptConfig config;
    config.tokenizer = "own-4096";
    summary.gpts = {{QStringLiteral("stories-tiny"), config}};
    summary.transcoders = {{QStringLiteral("plt-k16"), {}}};
    return summary;
}

inline std::vector<RunRow> runs() {
    using Kind = RunRow::Kind;
    using State = RunRow::State;
    return {{1,
             Kind::Gpt,
             State::Running,
             QStringLiteral("bedtime-2"),
             QStringLiteral("GPT tiny on generated-120k"),
             640,
             1000,
             QStringLiteral("loss 2.22"),
             7900,
             373,
             650,
             {}},
            {2,
             Kind::Transcoder,
             State::Running,
             QStringLiteral("plt-k32"),
             QStringLiteral("per-layer TopK 32 for stories-tiny"),
             1410,
             3000,
             QStringLiteral("FVU 0.134"),
             21'000,
             310,
             275,
             {}},
            {3,
             Kind::Gpt,
             State::Finished,
             QStringLiteral("stories-tiny"),
             QStringLiteral("GPT tiny on generated-120k"),
             1000,
             1000,
             QStringLiteral("loss 2.02"),
             13'400,
             0,
             610,
             {}},
            {4,
             Kind::Transcoder,
             State::Stopped,
             QStringLiteral("plt-k16"),
             QStringLiteral("per-layer TopK 16 for stories-tiny"),
             1200,
             3000,
             QStringLiteral("FVU 0.143"),
             38'200,
             0,
             300,
             {}},
            {5,
             Kind::Gpt,
             State::Failed,
             QStringLiteral("hot"),
             QStringLiteral("GPT tiny on tinystories-valid"),
             412,
             1000,
             {},
             0,
             0,
             240,
             QStringLiteral("The loss became NaN at step 412. The checkpoint of step 400 was kept.")}};
}

inline std::vector<TrainingPoint> gptPoints(int64_t done, int64_t steps, double end, uint64_t seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> noise(0, 1);
    std::vector<TrainingPoint> points;
    for (int64_t step = 1; step <= done; ++step) {
        const double share = static_cast<double>(step) / static_cast<double>(steps);
        const double loss = end + 3.2 * std::exp(-5 * share) + 3 * std::exp(-25 * share);
        const double rate =
            1e-3 * std::min(1.0, static_cast<double>(step) / 100) * (0.55 + 0.45 * std::cos(3.14159 * share));
        TrainingPoint point{.step = step, .steps = steps};
        point.values = {{"train_loss", loss * (1 + 0.025 * noise(random))},
                        {"learning_rate", rate},
                        {"gradient_norm", 0.5 + 2 * std::exp(-10 * share) + 0.06 * std::abs(noise(random))}};
        if (step % 50 == 0)
            point.values.emplace_back("val_loss", loss * 1.03);
        points.push_back(std::move(point));
    }
    return points;
}

inline std::vector<TrainingPoint> transcoderPoints(int64_t done, int64_t steps, uint64_t seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> noise(0, 1);
    std::vector<TrainingPoint> points;
    for (int64_t step = 1; step <= done; ++step) {
        TrainingPoint point{.step = step, .steps = steps};
        const double t = static_cast<double>(step) / 3000;
        for (int layer = 0; layer < 2; ++layer) {
            const std::string number = std::to_string(layer);
            const double fvu = 0.105 + 0.045 * layer + 0.3 * std::exp(-8 * t) + 0.55 * std::exp(-50 * t);
            point.values.emplace_back("train_fvu_" + number, fvu * (1 + 0.01 * noise(random)));
            if (step % 200 != 0)
                continue;
            point.values.emplace_back("fvu_" + number, fvu * 1.02);
            point.values.emplace_back("l0_" + number, 31.8 - layer);
            point.values.emplace_back("dead_" + number, 0.012 + 0.017 * layer);
        }
        if (step % 200 == 0)
            point.values.emplace_back("ce_recovered", 0.951 - 0.3 * std::exp(-9 * t));
        points.push_back(std::move(point));
    }
    return points;
}

} // namespace tt::sample
