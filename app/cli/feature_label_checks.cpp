#include "app/cli/features.h"
#include "core/features/label_pattern.h"
#include "core/io/file.h"

namespace tt::cli {

namespace {
struct Request {
    std::string name;
    int propose = 0;
};

/// Writes labels for the features that fire most often and have none.
void propose(const std::filesystem::path &folder, const Dictionary &dictionary, int most) {
    const FeatureNotes present = readFeatureLabels(folder).notes;
    std::vector<std::pair<double, std::pair<int, int>>> order;
    for (int layer = 0; layer < dictionary.layers(); ++layer)
        for (int feature = 0; feature < dictionary.features(); ++feature)
            order.push_back({-dictionary.density(layer, feature), {layer, feature}});
    std::sort(order.begin(), order.end());
    const LabelProposer proposer(dictionary);
    FeatureNotes notes;
    for (const auto &[density, feature] : order) {
        if (std::ssize(notes) == most)
            break;
        const auto found = present.find(feature);
        FeatureNote note = found == present.end() ? FeatureNote() : found->second;
        if (!note.label.empty())
            continue;
        if (const auto proposed = proposer.propose(feature.first, feature.second)) {
            note.label = proposed->label;
            notes[feature] = note;
        }
    }
    writeFeatureNotes(folder, notes);
}

void run(Context &context, const Request &request) {
    const Workspace workspace = context.open();
    const std::string name = workspace.pickTranscoder(request.name);
    const Dictionary dictionary =
        openDictionary(workspace, loadExplainedModel(workspace, name, context.stop), context.stop);
    const std::filesystem::path folder = workspace.transcoder(name);
    if (request.propose > 0) {
        requireWritableFolder(folder);
        propose(folder, dictionary, request.propose);
    }
    const FeatureLabels labels = readFeatureLabels(folder);
    if (!labels.problem.empty())
        throw Error(labels.problem);
    Json list = Json::array();
    std::string text;
    double least = 1;
    for (const LabelCheck &check : checkLabels(dictionary, labels.notes)) {
        list.push_back({{"layer", check.layer},
                        {"feature", check.feature},
                        {"label", check.label},
                        {"checkable", check.checkable},
                        {"agreeing", check.agreeing},
                        {"examples", check.examples}});
        text += std::to_string(check.layer) + "/" + std::to_string(check.feature) + "  " + check.label + "  " +
                (check.checkable
                     ? std::to_string(check.agreeing) + " of " + std::to_string(check.examples) + " top examples"
                     : std::string("in words that cannot be checked")) +
                "\n";
        if (check.checkable)
            least = std::min(least, check.share());
    }
    Json document{{"name", name}, {"labels", list}};
    if (!list.empty())
        document["least_share"] = least;
    context.output.result(document, text.empty() ? "No feature of " + name + " has a label yet." : text);
}
} // namespace

void addFeatureLabelChecks(CLI::App &group, Context &context) {
    auto request = std::make_shared<Request>();
    CLI::App *sub = group.add_subcommand("labels", "Check labels that name tokens against the features' top examples");
    sub->add_option("--name", request->name, "Transcoder; default the newest");
    sub->add_option("--propose", request->propose, "First label so many of the features that fire most often")
        ->check(CLI::Range(1, 1'000'000));
    sub->callback([&context, request] { context.run = [&context, request] { run(context, *request); }; });
}

} // namespace tt::cli
