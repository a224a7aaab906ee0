#include "app/cli/features.h"
#include "core/features/indexed_corpus.h"

namespace tt::cli {

namespace {
struct Request {
    std::string name, corpus;
    bool again = false, measure = false;
};
constexpr int64_t measuredTokens = 65'536;

bool isUpToDate(const IndexedCorpus &corpus) {
    try {
        return corpus.open().tokens() > 0;
    } catch (const Error &) {
        return false;
    }
}

} // namespace

Json toJson(const FeatureIndex &index, const ExplainedModel &model, const IndexedCorpus &corpus) {
    return {{"name", model.transcoderName},
            {"corpus", corpus.identity.corpus},
            {"tokens", index.tokens()},
            {"features", int64_t{index.layers()} * index.features()},
            {"alive", index.alive()},
            {"seconds", index.seconds()},
            {"tokens_per_second", static_cast<double>(index.tokens()) / std::max(index.seconds(), 1e-3)}};
}

bool indexStage(Context &context, const ExplainedModel &model, const IndexedCorpus &corpus, bool again) {
    if (!again && isUpToDate(corpus))
        return false;
    buildFeatureIndex(model.gpt, model.transcoder, corpus.tokens, corpus.identity, corpus.file, context.stop,
                      context.output.progress());
    return true;
}

namespace {
void build(Context &context, const Request &request) {
    const Workspace workspace = context.open();
    const auto model = loadExplainedModel(workspace, workspace.pickTranscoder(request.name), context.stop);
    const IndexedCorpus corpus =
        indexedCorpus(workspace, *model, request.corpus, context.stop, context.output.progress());
    const auto rate = [&] {
        return indexProductsRate(model->gpt, model->transcoder, corpus.tokens, measuredTokens, context.stop);
    };
    const double before = request.measure ? rate() : 0;
    const bool there = !indexStage(context, *model, corpus, request.again);
    const FeatureIndex index = corpus.open();
    Json document = toJson(index, *model, corpus);
    document["built"] = !there;
    std::string text = grouped(static_cast<double>(index.tokens())) + " tokens of " + corpus.identity.corpus + ", " +
                       grouped(static_cast<double>(index.alive())) + " of " +
                       grouped(document["features"].get<double>()) + " features fire, " + duration(index.seconds()) +
                       (there ? "; the index was up to date" : "");
    if (request.measure) {
        const double products = (before + rate()) / 2, share = document["tokens_per_second"].get<double>() / products;
        document["products_tokens_per_second"] = products;
        document["share_of_products"] = share;
        text += "\n" + grouped(document["tokens_per_second"].get<double>()) + " tokens/s, " + figures(share * 100) +
                " % of the forward pass and the encoder products alone (" + grouped(products) + ")";
    }
    context.output.result(document, text);
}
} // namespace

void addFeatureIndex(CLI::App &group, Context &context) {
    auto request = std::make_shared<Request>();
    CLI::App *sub =
        group.add_subcommand("index", "One pass over the corpus: examples, histograms and densities of every feature");
    sub->add_option("--name", request->name, "Transcoder; default the newest");
    sub->add_option("--corpus", request->corpus, "Default the one of the last index, else the one it was trained on");
    sub->add_flag("--again", request->again, "Also where the index is up to date");
    sub->add_flag("--measure", request->measure, "Compare the rate with the matrix products alone");
    sub->callback([&context, request] { context.run = [&context, request] { build(context, *request); }; });
}

} // namespace tt::cli
