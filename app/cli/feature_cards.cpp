#include "app/cli/features.h"
#include "core/features/feature_card.h"
#include "core/features/feature_search.h"

#include <filesystem>

namespace tt::cli {

namespace {
namespace fs = std::filesystem;
constexpr int contextBefore = 12, contextAfter = 6; // tokens of an example

struct Request {
    std::string name, query, out, label, notes;
    int layer = -1, feature = -1;
    size_t count = 20;
    bool star = false, unstar = false, packed = false;
};

struct Open {
    Workspace workspace;
    Dictionary dictionary;
    fs::path folder; ///< of the transcoder
};

Open open(const Context &context, const Request &request) {
    const Workspace workspace = context.open();
    const std::string name = workspace.pickTranscoder(request.name);
    auto model = loadExplainedModel(workspace, name, context.stop);
    return {workspace, openDictionary(workspace, std::move(model), context.stop), workspace.transcoder(name)};
}

void checkFeature(const TranscoderConfig &config, const Request &request) {
    if (request.layer < 0 || request.layer >= config.layers)
        throw Error("There is no layer " + std::to_string(request.layer) + "; the transcoder has layers 0 to " +
                        std::to_string(config.layers - 1) + ".",
                    Error::Kind::Usage);
    if (request.feature < 0 || request.feature >= config.features)
        throw Error("There is no feature " + std::to_string(request.feature) + "; a layer has features 0 to " +
                        std::to_string(config.features - 1) + ".",
                    Error::Kind::Usage);
}

Json tokenList(const Tokenizer &tokenizer, const std::vector<WeightedToken> &tokens, const char *weight) {
    Json list = Json::array();
    for (const WeightedToken &token : tokens)
        list.push_back(
            {{"token", tokenJson(token.text, tokenizer.bytes(token.id))}, {"id", token.id}, {weight, token.weight}});
    return list;
}

Json featureList(const std::vector<FeatureWeight> &features, const char *weight) {
    Json list = Json::array();
    for (const FeatureWeight &f : features)
        list.push_back({{"layer", f.layer}, {"feature", f.feature}, {weight, f.weight}});
    return list;
}

Json pathList(const std::vector<FeaturePath> &paths) {
    Json list = Json::array();
    for (const FeaturePath &path : paths)
        list.push_back(
            {{"layer", path.layer},
             {"feature", path.feature},
             {"path",
              path.head < 0 ? "direct" : "L" + std::to_string(path.throughLayer) + "H" + std::to_string(path.head)},
             {"weight", path.weight},
             {"coactivation", path.coactivation},
             {"score", path.score()}});
    return list;
}

Json exampleJson(const Tokenizer &tokenizer, const ShownExample &example) {
    Json tokens = Json::array();
    for (size_t i = 0; i < example.context.ids.size(); ++i)
        tokens.push_back(tokenJson(example.context.tokens[i], tokenizer.bytes(example.context.ids[i])));
    return {{"tokens", tokens},
            {"activations", example.context.activations},
            {"peak", example.peakAt},
            {"activation", example.peak.activation},
            {"offset", example.peak.offset},
            {"repeats", example.repeats}};
}

Json examplesJson(const Tokenizer &tokenizer, const std::vector<ShownExample> &examples) {
    Json list = Json::array();
    for (const ShownExample &example : examples)
        list.push_back(exampleJson(tokenizer, example));
    return list;
}

FeatureNote noteOf(const Context &context, const fs::path &folder, int layer, int feature) {
    const FeatureLabels labels = readFeatureLabels(folder);
    if (!labels.problem.empty())
        context.output.note(labels.problem + " No labels are shown; the file is kept.");
    const auto found = labels.notes.find({layer, feature});
    return found == labels.notes.end() ? FeatureNote() : found->second;
}

void show(const Context &context, const Request &request) {
    const Open opened = open(context, request);
    const Dictionary &dictionary = opened.dictionary;
    const Tokenizer &tokenizer = dictionary.model->tokenizer;
    checkFeature(dictionary.model->transcoder.config, request);
    if (!dictionary.index)
        context.output.note(dictionary.noIndex + " Make it with: tinytranscoder-cli features index");
    const FeatureFacts facts = describeFeature(dictionary, request.layer, request.feature);
    const FeatureExamples examples =
        featureExamples(dictionary, request.layer, request.feature, contextBefore, contextAfter, context.stop);
    const FeatureNote note = noteOf(context, opened.folder, request.layer, request.feature);
    Json quantiles = Json::array();
    for (const auto &tenth : examples.quantile)
        quantiles.push_back(examplesJson(tokenizer, tenth));
    Json card{{"transcoder", dictionary.model->transcoderName},
              {"layer", request.layer},
              {"feature", request.feature},
              {"label", note.label},
              {"notes", note.notes},
              {"starred", note.starred},
              {"indexed", facts.indexed},
              {"density", facts.density},
              {"max", facts.maximum},
              {"count", facts.count},
              {"tokens", facts.tokens},
              {"histogram", facts.histogram},
              {"quantile_values", facts.quantileValues},
              {"top_logits", tokenList(tokenizer, facts.raised, "effect")},
              {"bottom_logits", tokenList(tokenizer, facts.lowered, "effect")},
              {"reads", tokenList(tokenizer, facts.reads, "weight")},
              {"neighbours", featureList(facts.nearest, "cosine")},
              {"coactive", featureList(facts.coactive, "cosine")},
              {"upstream", pathList(facts.upstream)},
              {"downstream", pathList(facts.downstream)},
              {"top_examples", examplesJson(tokenizer, examples.top)},
              {"quantile_examples", quantiles}};
    if (facts.ceEffect)
        card["ce_effect"] = *facts.ceEffect;
    context.output.result(card, featureText(dictionary, facts, examples, note));
}

void search(const Context &context, const Request &request) {
    const Open opened = open(context, request);
    const Dictionary &dictionary = opened.dictionary;
    if (request.query.empty())
        throw Error("Say what to search for: a label, a token, a text that fires it, or layer/feature.",
                    Error::Kind::Usage);
    if (!dictionary.index)
        context.output.note(dictionary.noIndex + " Without it, a text is tried on its own.");
    const FeatureLabels labels = readFeatureLabels(opened.folder);
    if (!labels.problem.empty())
        context.output.note(labels.problem + " No labels are searched; the file is kept.");
    Json matches = Json::array();
    std::string text;
    for (const SearchMatch &match :
         searchFeatures(dictionary, labels.notes, {.query = request.query, .count = request.count}, context.stop)) {
        matches.push_back({{"layer", match.layer},
                           {"feature", match.feature},
                           {"kind", toString(match.kind)},
                           {"score", match.score},
                           {"text", match.text},
                           {"density", dictionary.density(match.layer, match.feature)}});
        text += std::to_string(match.layer) + "/" + std::to_string(match.feature) + "  " + toString(match.kind) +
                " \"" + match.text + "\"  " + figures(static_cast<double>(match.score)) + "\n";
    }
    context.output.result({{"query", request.query}, {"matches", matches}},
                          text.empty() ? "Nothing found for \"" + request.query + "\"." : text);
}

void label(const Context &context, const Request &request, const CLI::App &options) {
    const Workspace workspace = context.open();
    const fs::path folder = workspace.transcoder(workspace.pickTranscoder(request.name));
    checkFeature(transcoderConfigFromJson(readFile(folder / "config.json")), request);
    FeatureNote note = noteOf(context, folder, request.layer, request.feature);
    const FeatureNote before = note;
    if (options.count("TEXT") > 0)
        note.label = request.label;
    if (options.count("--notes") > 0)
        note.notes = request.notes;
    note.starred = request.star || (note.starred && !request.unstar);
    if (note != before)
        changeFeatureNote(folder, request.layer, request.feature, before, note);
    context.output.result({{"layer", request.layer},
                           {"feature", request.feature},
                           {"label", note.label},
                           {"notes", note.notes},
                           {"starred", note.starred}},
                          std::to_string(request.layer) + "/" + std::to_string(request.feature) + "  " +
                              (note.label.empty() ? "no label" : note.label) + (note.starred ? "  starred" : ""));
}

void exportCards(Context &context, const Request &request) {
    const Open opened = open(context, request);
    const Dictionary &dictionary = opened.dictionary;
    if (!dictionary.index)
        throw Error(dictionary.noIndex + " Make it with: tinytranscoder-cli features index");
    const bool one = request.layer >= 0 || request.feature >= 0;
    int64_t files = 1;
    if (one) {
        checkFeature(dictionary.model->transcoder.config, request);
        writeFileAtomically(request.out, featureJson(dictionary, request.layer, request.feature, context.stop));
    } else {
        files = (request.packed ? exportPackedFeatures : exportFeatures)(dictionary, request.out, context.stop,
                                                                         context.output.progress());
    }
    context.output.result({{request.packed ? "features" : "files", files}, {"out", request.out}},
                          one ? request.out : grouped(static_cast<double>(files)) + " features in " + request.out);
}
} // namespace

void addFeatureCards(CLI::App &group, Context &context) {
    auto request = std::make_shared<Request>();
    const auto add = [&](const char *name, const char *description) {
        CLI::App *sub = group.add_subcommand(name, description);
        sub->add_option("--name", request->name, "Transcoder; default the newest");
        return sub;
    };
    const auto place = [&](CLI::App *sub, bool required) {
        sub->add_option("--layer", request->layer, "Its layer, from 0")->required(required);
        sub->add_option("--feature", request->feature, "Its index in the layer, from 0")->required(required);
    };
    CLI::App *showing = add("show", "The card of a feature: examples, histogram, tokens, neighbours, paths");
    place(showing, true);
    showing->callback([&context, request] { context.run = [&context, request] { show(context, *request); }; });

    CLI::App *searching = add("search", "Features by label, by a token they promote, by a text they fire on, or L/F");
    searching->add_option("QUERY", request->query, "What to look for")->required();
    searching->add_option("--count", request->count, "Matches of each kind")->capture_default_str();
    searching->callback([&context, request] { context.run = [&context, request] { search(context, *request); }; });

    CLI::App *labelling = add("label", "Name a feature, note something about it, star it; without a text, say which");
    place(labelling, true);
    labelling->add_option("TEXT", request->label, "The label; \"\" takes it away");
    labelling->add_option("--notes", request->notes, "Longer remarks; \"\" takes them away");
    CLI::Option *star = labelling->add_flag("--star", request->star, "Star it");
    labelling->add_flag("--unstar", request->unstar, "Take the star away")->excludes(star);
    labelling->callback([&context, request, labelling] {
        context.run = [&context, request, labelling] { label(context, *request, *labelling); };
    });

    CLI::App *exporting = add("export", "One feature, or all that fire, as JSON for feature viewers");
    place(exporting, false);
    exporting->add_option("--out", request->out, "A file for one feature, a folder for all")->required();
    exporting
        ->add_flag("--packed", request->packed, "All as one file a layer with an index, for viewers that read parts")
        ->excludes("--layer")
        ->excludes("--feature");
    exporting->callback([&context, request] { context.run = [&context, request] { exportCards(context, *request); }; });
}

} // namespace tt::cli
