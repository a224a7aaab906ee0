#include "app/cli/features.h"
#include "core/features/prompt_features.h"

namespace tt::cli {

namespace {
void active(const Context &context, const std::string &name, const std::string &prompt) {
    const Workspace workspace = context.open();
    const auto model = loadExplainedModel(workspace, workspace.pickTranscoder(name), context.stop);
    const PromptFeatures found = promptFeatures(*model, prompt, context.stop);
    if (found.ids.empty())
        throw Error("The prompt is empty. Give it with --prompt TEXT.", Error::Kind::Usage);
    if (!found.leftOut.empty())
        context.output.note("The prompt is " + std::to_string(found.ids.size() + found.leftOut.size()) +
                            " tokens, the model reads " + std::to_string(found.ids.size()) + ": the first " +
                            std::to_string(found.leftOut.size()) +
                            " were left out. Positions count from the first one read.");
    Json document{{"transcoder", found.transcoder}, {"tokens", Json::array()}, {"active", Json::array()}};
    std::string text;
    for (size_t i = 0; i < found.ids.size(); ++i)
        document["tokens"].push_back(tokenJson(found.tokens[i], model->tokenizer.bytes(found.ids[i])));
    int position = -1;
    for (const ActiveFeature &f : found.active) {
        document["active"].push_back(
            {{"position", f.position}, {"layer", f.layer}, {"feature", f.feature}, {"activation", f.activation}});
        if (f.position != position) {
            position = f.position;
            text +=
                "position " + std::to_string(position) + " \"" + found.tokens[static_cast<size_t>(position)] + "\"\n";
        }
        text += "  " + std::to_string(f.layer) + "/" + std::to_string(f.feature) + "  " +
                figures(static_cast<double>(f.activation)) + "  promotes \"" + f.promoted + "\"\n";
    }
    context.output.result(document, text);
}
} // namespace

void addFeatures(CLI::App &app, Context &context) {
    CLI::App *group = app.add_subcommand("features", "What a transcoder's features do");
    group->require_subcommand(1);
    auto name = std::make_shared<std::string>(), prompt = std::make_shared<std::string>();
    CLI::App *sub = group->add_subcommand("active", "Active features of a prompt, by position and layer");
    sub->add_option("--name", *name, "Transcoder; default the newest");
    sub->add_option("--prompt", *prompt, "The text")->required();
    sub->callback(
        [&context, name, prompt] { context.run = [&context, name, prompt] { active(context, *name, *prompt); }; });
    addFeatureIndex(*group, context);
    addFeatureCeEffects(*group, context);
    addFeatureCards(*group, context);
    addFeatureLabelChecks(*group, context);
}

} // namespace tt::cli
