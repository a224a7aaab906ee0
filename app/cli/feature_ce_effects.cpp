#include "app/cli/features.h"
#include "core/features/ce_effects_measure.h"
#include "core/features/feature_labels.h"

#include <algorithm>
#include <chrono>

namespace tt::cli {

namespace {
struct Request {
    std::string name;
    int windows = ceEffectWindows;
    int count = 20;
};

struct Row {
    int layer = 0, feature = 0;
    double rise = 0;
};

/// Those with an effect, the largest first.
std::vector<Row> ranked(const CeEffects &effects) {
    std::vector<Row> rows;
    for (int layer = 0; layer < effects.layers; ++layer)
        for (int feature = 0; feature < effects.features; ++feature)
            if (const auto rise = effects.rise(layer, feature))
                rows.push_back({layer, feature, *rise});
    std::stable_sort(rows.begin(), rows.end(), [](const Row &a, const Row &b) { return a.rise > b.rise; });
    return rows;
}

void measure(Context &context, const Request &request) {
    const Workspace workspace = context.open();
    const std::string name = workspace.pickTranscoder(request.name);
    const Dictionary dictionary =
        openDictionary(workspace, loadExplainedModel(workspace, name, context.stop), context.stop);
    if (!dictionary.index)
        throw Error(dictionary.noIndex + " Make it with: tinytranscoder-cli features index");
    const auto start = std::chrono::steady_clock::now();
    const CeEffects effects = measureCeEffects(dictionary, ceEffectsFile(workspace.transcoder(name)), request.windows,
                                               context.stop, context.output.progress());
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const std::vector<Row> rows = ranked(effects);
    const FeatureLabels labels = readFeatureLabels(workspace.transcoder(name));
    Json top = Json::array();
    std::string text = "rise of the loss when ablated, in thousandths of a nat a token\n";
    for (size_t i = 0; i < std::min(rows.size(), static_cast<size_t>(std::max(0, request.count))); ++i) {
        const auto [layer, feature, rise] = rows[i];
        const auto note = labels.notes.find({layer, feature});
        const std::string label = note == labels.notes.end() ? std::string() : note->second.label;
        top.push_back({{"layer", layer},
                       {"feature", feature},
                       {"ce_effect", rise},
                       {"density", dictionary.density(layer, feature)},
                       {"label", label}});
        text += std::to_string(layer) + "/" + std::to_string(feature) + "  " + figures(1000 * rise) +
                (label.empty() ? "" : "  " + label) + "\n";
    }
    context.output.result({{"transcoder", name},
                           {"corpus", dictionary.corpus},
                           {"tokens", effects.tokens},
                           {"windows", request.windows},
                           {"exact", effects.isExact()},
                           {"measured", rows.size()},
                           {"seconds", seconds},
                           {"top", top}},
                          text + grouped(static_cast<double>(rows.size())) + " features measured in " +
                              duration(seconds));
}
} // namespace

void addFeatureCeEffects(CLI::App &group, Context &context) {
    auto request = std::make_shared<Request>();
    CLI::App *sub = group.add_subcommand("ce-effects",
                                         "How much the loss rises when each feature is ablated, on the index's sample");
    sub->add_option("--name", request->name, "Transcoder; default the newest");
    sub->add_option("--windows", request->windows, "Windows of each feature, of those in which it fires")
        ->capture_default_str();
    sub->add_option("--count", request->count, "Features to list, the largest effects first")->capture_default_str();
    sub->callback([&context, request] { context.run = [&context, request] { measure(context, *request); }; });
}

} // namespace tt::cli
