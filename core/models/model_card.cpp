#include "core/models/model_card.h"

#include "core/io/file.h"
#include "core/text/corpus.h"
#include "core/train/transcoder_training.h"
#include "core/version.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace tt {

namespace {

std::string number(double value, int digits) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return text.data();
}

/// 22,104,771
std::string grouped(int64_t value) {
    std::string text = std::to_string(value);
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
        text.insert(static_cast<size_t>(at), ",");
    return text;
}

/// The settings in which a run differs from what it gets by itself.
template <class Config>
std::string settings(const Config &config, const Config &plain, const std::vector<std::string> &leftOut) {
    std::string text;
    for (const Parameter &parameter : Config::parameters()) {
        const std::string &key = parameter.key;
        if (std::find(leftOut.begin(), leftOut.end(), key) == leftOut.end() && config.get(key) != plain.get(key))
            text += " --set " + key + "=" + config.get(key);
    }
    return text;
}

std::string gptCommand(const GptRunState &run, const std::string &name) {
    const GptTrainingConfig &c = run.config;
    return "tinytranscoder-cli gpt train --run " + name + " --corpus " + c.corpus + " --preset " + c.preset +
           " --seed " + std::to_string(c.seed) + " --threads " + std::to_string(c.threads) +
           settings(c, GptTrainingConfig::fromPreset(c.preset), {"seed", "threads"}) + "\n";
}

std::string transcoderCommand(const TranscoderRunState &run, const std::string &name) {
    const TranscoderTrainingConfig &c = run.config;
    return "tinytranscoder-cli transcoder train --name " + name + " --run " + c.gptRun + " --corpus " + c.corpus +
           " --kind " + toString(c.kind) + " --activation " + toString(c.activation) + " --features " +
           std::to_string(c.features) + " --k " + std::to_string(c.k) + " --seed " + std::to_string(c.seed) +
           " --threads " + std::to_string(c.threads) +
           settings(c, TranscoderTrainingConfig{},
                    {"kind", "activation", "features", "k", "seed", "threads", "cache", "cache_memory", "cache_disk"}) +
           "\n";
}

std::string commands(const Workspace &source, const PackConfig &config, const GptRunState &gpt,
                     const std::string &gptName) {
    const GptConfig &shape = gpt.config.model;
    std::string text = "```\ntinytranscoder-cli corpus import train.txt --name " + gpt.config.corpus +
                       "\ntinytranscoder-cli tokenizer train --vocab " + std::to_string(shape.vocabSize) +
                       " --corpus " + gpt.config.corpus + "    # kept as tokenizer/" + shape.tokenizer + "\n" +
                       gptCommand(gpt, gptName);
    std::string make = "packaging/make-model WORKSPACE";
    for (const std::string &name : config.transcoders) {
        text += transcoderCommand(readTranscoderRun(source, name), name);
        make += " --transcoder " + name;
    }
    make += " --generated " + std::to_string(config.generatedStories) + " --written " +
            std::to_string(config.writtenStories) + " --seed " + std::to_string(config.seed);
    return text + make + "\n```\n";
}

/// "step 250 3.416 · 500 3.049 …", and from which step on it was flat: longer training would not have paid.
std::string heldOutCurve(const std::filesystem::path &metrics) {
    std::vector<std::pair<int64_t, double>> points;
    for (const TrainingPoint &point : readMetrics(metrics.string()))
        if (const auto loss = point.value("val_loss"))
            points.emplace_back(point.step, *loss);
    if (points.empty())
        return {};
    const auto byLoss = [](const auto &a, const auto &b) { return a.second < b.second; };
    const auto lowest = std::min_element(points.begin(), points.end(), byLoss);
    auto flat = points.end();
    while (flat != points.begin() && (flat - 1)->second <= lowest->second * 1.005)
        --flat;
    std::string text = "The loss while it was trained, on a part of them: step";
    for (const auto &[step, loss] : points)
        text += (step == points.front().first ? " " : " · ") + grouped(step) + " " + number(loss, 3);
    text += ". Its lowest is " + number(lowest->second, 3);
    if (points.end() - flat > 1)
        text += "; from step " + grouped(flat->first) + " on it stayed within 0.5 % of that";
    return text + ".\n\n";
}

std::string gptFigures(const PackedModel &model, const std::string &curve) {
    return "| GPT, held-out stories | as trained (float32) | as shipped (float16) |\n|---|---|---|\n| loss, nats a "
           "token | " +
           number(model.trained.loss, 4) + " | " + number(model.shipped.loss, 4) + " |\n| bits a byte | " +
           number(model.trained.bitsPerByte, 4) + " | " + number(model.shipped.bitsPerByte, 4) + " |\n\n" + curve;
}

std::string perLayer(const TranscoderMetrics &metrics, double TranscoderMetrics::Layer::*value, int digits,
                     double scale = 1) {
    std::string text;
    for (const auto &layer : metrics.layers)
        text += (text.empty() ? "" : " · ") + number(layer.*value * scale, digits);
    return text;
}

std::string transcoderFigures(const PackedTranscoder &transcoder) {
    using Layer = TranscoderMetrics::Layer;
    const TranscoderMetrics &trained = transcoder.trained, &shipped = transcoder.shipped;
    std::string text =
        "| " + transcoder.name + ", held-out stories, layer 0 · layer 1 … | as trained | as shipped |\n|---|---|---|\n";
    const auto row = [&](const std::string &what, const std::string &before, const std::string &after) {
        text += "| " + what + " | " + before + " | " + after + " |\n";
    };
    row("FVU", perLayer(trained, &Layer::fvu, 4), perLayer(shipped, &Layer::fvu, 4));
    row("L0", perLayer(trained, &Layer::l0, 2), perLayer(shipped, &Layer::l0, 2));
    row("dead, %", perLayer(trained, &Layer::dead, 2, 100), perLayer(shipped, &Layer::dead, 2, 100));
    row("cosine", perLayer(trained, &Layer::cosine, 4), perLayer(shipped, &Layer::cosine, 4));
    row("CE clean / replaced / zeroed",
        number(trained.ceClean, 4) + " / " + number(trained.ceReplaced, 4) + " / " + number(trained.ceZero, 4),
        number(shipped.ceClean, 4) + " / " + number(shipped.ceReplaced, 4) + " / " + number(shipped.ceZero, 4));
    row("CE recovered", number(trained.ceRecovered, 4), number(shipped.ceRecovered, 4));
    row("KL, nats a token", number(trained.kl, 4), number(shipped.kl, 4));
    return text + "\nOf its " + grouped(transcoder.features) + " features " + grouped(transcoder.alive) +
           " fire on the corpus of examples; " + std::to_string(transcoder.labels) +
           " carry a label, each true of at least " + number(transcoder.leastLabelShare * 100, 0) +
           " % of its top examples.\n\n";
}

std::string hashes(const Workspace &source, const Workspace &packed, const std::string &gptName,
                   const std::string &corpus) {
    std::string text = "| sha256 | of |\n|---|---|\n";
    const auto row = [&](const std::filesystem::path &file, const std::string &what) {
        text += "| `" + sha256OfFile(file) + "` | " + what + " |\n";
    };
    row(source.corpusText(corpus), "the training corpus " + corpus + " (not here)");
    row(source.gpt(gptName) / "model.safetensors", "the GPT in float32 (not here)");
    row(packed.gpt(gptName) / "model.safetensors", "gpt/" + gptName + "/model.safetensors");
    return text + "\nThose of every file here are in manifest.json.\n\n";
}

} // namespace

std::string modelCard(const Workspace &source, const Workspace &packed, const PackConfig &config,
                      const PackedModel &model) {
    const std::string gptName = packed.gpts().front();
    const GptRunState gpt = readGptRun(source, gptName);
    const GptConfig &shape = gpt.config.model;
    std::string text =
        "# " + config.name + "\n\nA GPT of " + grouped(shape.parameters()) + " weights (" +
        std::to_string(shape.layers) + " layers, width " + std::to_string(shape.dModel) + ", " +
        std::to_string(shape.heads) + " heads, context " + std::to_string(shape.context) + ", " +
        grouped(shape.vocabSize) +
        " tokens) that continues children's stories, and transcoders that explain its MLPs. "
        "The folder is a workspace: the window copies it on its first start. Weights are safetensors in float16.\n\n";
    text += "## How it was made\n\n" + commands(source, config, gpt, gptName) + "\n`train.txt` holds " +
            grouped(readCorpusInfo(source, gpt.config.corpus).stories) +
            " stories of TinyStories; the last 2 % of them were held out, and every figure below is measured on those. "
            "The GPT saw " +
            grouped(gpt.step * gpt.config.batch * shape.context) + " tokens in " + grouped(gpt.step) +
            " steps. The commands repeat the weights bit for bit on the same type of machine with the same number of "
            "threads, and to within rounding elsewhere. Made with TinyTranscoder " +
            programVersion + ".\n\n## Figures\n\n" +
            gptFigures(model, heldOutCurve(source.gpt(gptName) / "metrics.jsonl"));
    for (const PackedTranscoder &transcoder : model.transcoders)
        text += transcoderFigures(transcoder);
    text += "FVU is the fraction of the variance of an MLP's output that is left unexplained, L0 the active features a "
            "token, CE recovered where the loss lands with all MLPs replaced, between all zeroed (0) and untouched "
            "(1).\n\n";
    text += "## What is in it\n\n";
    text +=
        "- corpus/stories.txt, " + grouped(model.corpusTokens) + " tokens: " + grouped(model.generatedStories) +
        " stories of the program's own generator (`corpus generate`, seed " + std::to_string(config.seed) + ") and " +
        grouped(model.writtenStories) + " that the GPT wrote (temperature " + number(config.temperature, 2) +
        ", nucleus 0.95, seed " + std::to_string(config.seed) + "; " + grouped(model.leftOutStories) +
        " more were left out because they did not end, were too short, or shared " +
        std::to_string(config.longestCopy) +
        " words in a row with the training corpus). No story of TinyStories is here.\n"
        "- transcoders/*/features.index: where every feature fires in that corpus.\n"
        "- transcoders/*/labels.json: labels that name tokens. `features labels` counts for how many of a feature's "
        "top examples they hold.\n- graphs/: traced prompts.\n- gpt/ and transcoders/ metrics.jsonl: the training "
        "curves, thinned.\n\n";
    return text + "## Hashes\n\n" + hashes(source, packed, gptName, gpt.config.corpus) + "## Licence\n\n" +
           "The weights, the stories, labels and graphs here are under the program's licence (MIT). " +
           config.dataLicence + "\n";
}

} // namespace tt
