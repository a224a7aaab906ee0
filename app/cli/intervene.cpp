#include "app/cli/context.h"
#include "core/circuits/intervention_list.h"
#include "core/features/demonstration.h"
#include "core/features/steered_prompt.h"

#include <algorithm>
#include <map>

namespace tt::cli {

namespace {
using RowTexts = std::vector<std::pair<InterventionAction, std::string>>;

struct Options {
    std::string name, prompt, mode = "free", target, list;
    std::vector<std::string> files;
    RowTexts rowTexts; ///< in the order of the command line: the later counts
    bool everyPosition = false;
    int tokens = 0, topK = 0, top = 15;
    double temperature = 1;
    std::string source, word; ///< demonstrate
};

std::shared_ptr<const ExplainedModel> loadModel(const Context &context, const std::string &name) {
    const Workspace workspace = context.open();
    return loadExplainedModel(workspace, workspace.pickTranscoder(name), context.stop);
}

/// What the command line and --list ask for, rows of the file first.
InterventionList readList(const Options &o) {
    InterventionList list = o.list.empty() ? InterventionList() : readInterventions(o.list);
    if (o.list.empty() || o.mode != Options().mode)
        list.mode = interventionModeFromString(o.mode);
    if (!o.prompt.empty())
        list.prompt = o.prompt;
    for (const auto &[action, text] : o.rowTexts)
        list.rows.push_back(parseIntervention(action, text));
    return list;
}

std::optional<int32_t> targetToken(const std::string &text, const Tokenizer &tokenizer) {
    const Targets targets = parseTargets(text, tokenizer);
    if (targets.kind == Targets::Kind::TopLogits)
        return std::nullopt;
    if (targets.kind != Targets::Kind::Tokens)
        throw Error("The target of an intervention is one token: token:TEXT or id:N.", Error::Kind::Usage);
    return targets.tokens.front();
}

/// A row that cannot be done is a mistake here; one that a later row overrides is only said.
void checkRows(const Context &context, const std::vector<Intervention> &rows, const std::vector<RowNote> &notes) {
    for (size_t row = 0; row < rows.size(); ++row) {
        if (notes[row].kind == RowNote::Kind::Problem && rows[row].enabled)
            throw Error(toOption(rows[row]) + ": " + notes[row].text, Error::Kind::Usage);
        if (notes[row].kind == RowNote::Kind::Overridden)
            context.output.note(toOption(rows[row]) + " is overridden. " + notes[row].text);
    }
}

Json tokenJson(const ExplainedModel &model, int32_t id) {
    return cli::tokenJson(model.tokenizer.text(id), model.tokenizer.bytes(id));
}

Json candidatesJson(const ExplainedModel &model, const std::vector<TokenCandidate> &tokens) {
    Json json = Json::array();
    for (const TokenCandidate &token : tokens)
        json.push_back({{"token", tokenJson(model, token.id)},
                        {"id", token.id},
                        {"p", token.probability},
                        {"logit", token.logit}});
    return json;
}

Json positionsJson(const ExplainedModel &model, const InterventionOutcome &outcome) {
    Json json = Json::array();
    for (const PositionShift &at : outcome.positions)
        json.push_back({{"position", at.position},
                        {"kl", at.kl},
                        {"logit_change", at.targetChange},
                        {"before", {{"token", tokenJson(model, at.before.id)}, {"p", at.before.probability}}},
                        {"after", {{"token", tokenJson(model, at.after.id)}, {"p", at.after.probability}}}});
    return json;
}

std::string describe(const InterventionOutcome &outcome) {
    std::string text = "next token        before   after\n";
    for (const TokenShift &token : outcome.tokens) {
        const std::string name = "\"" + token.text + "\"", before = figures(token.before);
        text += name + std::string(name.size() < 18 ? 18 - name.size() : 1, ' ') + before +
                std::string(before.size() < 9 ? 9 - before.size() : 1, ' ') + figures(token.after) + "\n";
    }
    text += "KL " + figures(outcome.kl) + " nats; logit of \"" + outcome.target.text + "\" changes by " +
            figures(outcome.targetChange) + "\n";
    for (const PositionShift &at : outcome.positions)
        text += "position " + std::to_string(at.position) + "  KL " + figures(at.kl) + "  \"" + at.before.text +
                "\" → \"" + at.after.text + "\"\n";
    return text;
}

/// The prompt continued without and with the rows, by the same seed.
std::pair<std::string, std::string> texts(const Context &context, const SteeredPrompt &prompt,
                                          const std::vector<Intervention> &rows, const Options &o) {
    const SamplingConfig sampling{.tokens = o.tokens, .temperature = o.temperature, .topK = o.topK};
    const auto continued = [&](const std::vector<Intervention> &steering) {
        return prompt.prompt() +
               prompt.model().tokenizer.decode(prompt.generate(steering, sampling, context.seed, {}, context.stop));
    };
    return {continued({}), continued(rows)};
}

void intervene(const Context &context, const Options &o) {
    InterventionList list = readList(o);
    const auto model = loadModel(context, o.name.empty() ? list.transcoder : o.name);
    list.transcoder = model->transcoderName;
    const SteeredPrompt prompt(model, list.prompt);
    const InterventionOutcome outcome = prompt.evaluate({.rows = list.rows,
                                                         .mode = list.mode,
                                                         .target = targetToken(o.target, model->tokenizer),
                                                         .everyPosition = o.everyPosition},
                                                        context.stop);
    checkRows(context, list.rows, outcome.notes);
    for (const std::string &file : o.files)
        writeInterventions(list, file);
    Json document{{"transcoder", model->transcoderName},
                  {"prompt", list.prompt},
                  {"mode", toString(list.mode)},
                  {"before", candidatesJson(*model, outcome.before)},
                  {"after", candidatesJson(*model, outcome.after)},
                  {"kl", outcome.kl},
                  {"target",
                   {{"token", tokenJson(*model, outcome.target.id)},
                    {"id", outcome.target.id},
                    {"p_before", outcome.target.probability},
                    {"p_after", outcome.targetAfter},
                    {"logit_change", outcome.targetChange}}},
                  {"files", o.files}};
    std::string text = describe(outcome);
    if (o.everyPosition)
        document["positions"] = positionsJson(*model, outcome);
    if (o.tokens > 0) {
        const auto [before, after] = texts(context, prompt, list.rows, o);
        document["text_before"] = before;
        document["text_after"] = after;
        text += "\nBefore: " + before + "\n\nAfter: " + after + "\n";
    }
    context.output.result(document, text);
}

void scan(Context &context, const Options &o) {
    const auto model = loadModel(context, o.name);
    const SteeredPrompt prompt(model, o.prompt);
    const EffectReport report =
        prompt.effects(targetToken(o.target, model->tokenizer), interventionModeFromString(o.mode), context.stop,
                       context.output.progress());
    Json document{{"transcoder", model->transcoderName},
                  {"prompt", o.prompt},
                  {"mode", toString(report.mode)},
                  {"target", {{"token", tokenJson(*model, report.target.id)}, {"id", report.target.id}}},
                  {"tokens", prompt.ids().size()},
                  {"ablations", report.scan.effects.size()},
                  {"unreachable", report.scan.unreachable},
                  {"correlation", {{"direct", report.scan.directCorrelation}, {"total", report.scan.totalCorrelation}}},
                  {"seconds", {{"all", report.seconds}, {"ablations", report.ablationSeconds}}},
                  {"effects", Json::array()}};
    std::string text = "what matters for \"" + report.target.text + "\"   direct    total  measured\n";
    for (size_t i = 0; i < report.scan.effects.size(); ++i) {
        const FeatureEffect &e = report.scan.effects[i];
        document["effects"].push_back({{"layer", e.layer},
                                       {"position", e.position},
                                       {"feature", e.feature},
                                       {"activation", e.activation},
                                       {"direct", e.direct},
                                       {"total", e.total},
                                       {"measured", e.measured}});
        if (i < static_cast<size_t>(o.top))
            text += std::to_string(e.layer) + "/" + std::to_string(e.feature) + " at " + std::to_string(e.position) +
                    "  " + figures(e.direct) + "  " + figures(e.total) + "  " + figures(e.measured) + "\n";
    }
    text += grouped(static_cast<double>(report.scan.effects.size())) + " ablations in " +
            figures(1000 * report.ablationSeconds) + " ms; correlation with the measured change: direct " +
            figures(report.scan.directCorrelation) + ", total " + figures(report.scan.totalCorrelation) + "; " +
            grouped(static_cast<double>(report.scan.unreachable)) + " more cannot reach the target\n";
    context.output.result(document, text);
}

void demonstrations(const Context &context, const Options &o) {
    std::vector<Demonstration> wanted = originalDemonstrations();
    if (!o.source.empty() || !o.word.empty())
        wanted = {{o.source, o.word, o.prompt}};
    const auto model = loadModel(context, o.name);
    Json document = Json::array();
    std::string text;
    for (const Demonstration &each : wanted) {
        const DemonstrationResult r = demonstrate(model, each, context.stop);
        const std::string row = toOption(r.row);
        document.push_back({{"source", each.source},
                            {"target", tokenJson(*model, r.target.id)},
                            {"prompt", each.prompt},
                            {"found", r.why.empty()},
                            {"why", r.why},
                            {"layer", r.row.layer},
                            {"feature", r.row.feature},
                            {"value", r.row.value},
                            {"natural", r.natural},
                            {"direct", r.direct},
                            {"p_before", r.target.probability},
                            {"p_after", r.after},
                            {"rank_after", r.rank}});
        text += "\"" + each.source + "\" → \"" + r.target.text + "\": " +
                (r.why.empty() ? "feature " + std::to_string(r.row.layer) + "/" + std::to_string(r.row.feature) +
                                     ", active there at " + figures(r.natural) + "; forced to " + figures(r.row.value) +
                                     " after \"" + each.prompt + "\" it takes \"" + r.target.text + "\" from " +
                                     figures(r.target.probability) + " to " + figures(r.after) +
                                     "\n  intervene --prompt \"" + each.prompt + "\" " + row + "\n"
                               : r.why + "\n");
    }
    context.output.result(document, text);
}

/// The options that are rows, each with its action.
using RowOptions = std::vector<std::pair<CLI::Option *, InterventionAction>>;

RowOptions addRowOptions(CLI::App &command) {
    const auto add = [&](const char *name, const std::string &help) {
        return command.add_option(name, help)->expected(1, CLI::detail::expected_max_vector_size)->take_all();
    };
    return {
        {add("--set", "LAYER/POSITION/FEATURE=VALUE; position is a number, several (0,2-5), last, all or generated"),
         InterventionAction::Set},
        {add("--scale", "LAYER/POSITION/FEATURE=FACTOR"), InterventionAction::Multiply},
        {add("--ablate", "LAYER/POSITION/FEATURE"), InterventionAction::Ablate},
        {add("--add", "LAYER/POSITION/FEATURE=VALUE"), InterventionAction::Add}};
}

/// Rows as they stand on the command line, whatever their options.
RowTexts rowsInOrder(const CLI::App &command, const RowOptions &options) {
    std::map<const CLI::Option *, size_t> read;
    RowTexts rows;
    for (const CLI::Option *option : command.parse_order())
        for (const auto &[known, action] : options)
            if (known == option && read[option] < option->results().size())
                rows.emplace_back(action, option->results()[read[option]++]);
    return rows;
}
} // namespace

void addIntervene(CLI::App &app, Context &context) {
    CLI::App *command = app.add_subcommand("intervene", "Change features in the model and see what it predicts");
    command->require_subcommand(0, 1);
    auto o = std::make_shared<Options>();
    command->add_option("--name", o->name, "Transcoder; default the newest");
    command->add_option("--prompt", o->prompt, "The text");
    const RowOptions rows = addRowOptions(*command);
    command->add_option("--list", o->list, "Read interventions from a JSON file that --out wrote");
    command->add_option("--mode", o->mode, "free, frozen-attention or direct")->capture_default_str();
    command->add_option("--target", o->target, "The token whose logit is followed: token:TEXT or id:N");
    command->add_flag("--positions", o->everyPosition, "Also what changes at each position");
    command->add_option("--out", o->files, "Write the interventions: .json .csv")->take_all();
    command->add_option("--tokens", o->tokens, "Also continue the prompt, before and after, with the same seed")
        ->check(CLI::Range(0, 1'000'000));
    command->add_option("--temperature", o->temperature, "0 = always the most probable")
        ->check(CLI::Range(0.0, 100.0))
        ->capture_default_str();
    command->add_option("--top-k", o->topK, "Draw from the most probable ones only; 0 = all")
        ->check(CLI::Range(0, 1'000'000));
    command->callback([&context, o, command, rows] {
        o->rowTexts = rowsInOrder(*command, rows);
        if (!context.run)
            context.run = [&context, o] { intervene(context, *o); };
    });

    CLI::App *effects = command->add_subcommand(
        "effects", "Ablate each active feature of the prompt; compare what the target's logit does with the graph");
    effects->add_option("--top", o->top, "Lines to print")->check(CLI::Range(1, 1'000'000))->capture_default_str();
    effects->callback([&context, o] { context.run = [&context, o] { scan(context, *o); }; });

    CLI::App *demo = command->add_subcommand(
        "demonstrate", "Find the feature behind a word and force it elsewhere; by default the two of the original");
    demo->add_option("--source", o->source, "Text at whose end the feature is looked for");
    demo->add_option("--word", o->word, "The word it brings about, with its space");
    demo->callback([&context, o] { context.run = [&context, o] { demonstrations(context, *o); }; });
}

} // namespace tt::cli
