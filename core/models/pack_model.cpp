#include "core/models/pack_model.h"

#include "core/circuits/prompt_trace.h"
#include "core/circuits/saved_graph.h"
#include "core/features/indexed_corpus.h"
#include "core/features/label_pattern.h"
#include "core/features/prompt_features.h"
#include "core/io/file.h"
#include "core/io/half.h"
#include "core/io/json_impl.h"
#include "core/models/model_card.h"
#include "core/models/shipped_model.h"
#include "core/models/written_stories.h"
#include "core/text/corpus.h"
#include "core/text/story_generator.h"
#include "core/train/transcoder_training.h"
#include "core/version.h"

#include <algorithm>
#include <set>

namespace tt {

namespace fs = std::filesystem;

namespace {

constexpr const char *corpusName = "stories";
constexpr int64_t keptMetrics = 60; // steps of a curve

/// state.json of a run that is over: there is nothing left to go on from.
void writeFinishedState(const fs::path &from, const fs::path &to) {
    OrderedJson state = readJsonObject(from / "state.json");
    state["finished"] = true;
    state["files"] = OrderedJson::array();
    writeFileAtomically(to / "state.json", writeJson(state));
}

bool isMeasured(const TrainingPoint &point) {
    return point.value("val_loss").has_value() || point.value("ce_recovered").has_value();
}

void writeThinnedMetrics(const fs::path &from, const fs::path &to) {
    const std::vector<TrainingPoint> points = readMetrics((from / "metrics.jsonl").string());
    const int64_t stride = std::max<int64_t>(1, std::ssize(points) / keptMetrics);
    std::string text;
    for (const TrainingPoint &point : points)
        if (point.step == 1 || point.step % stride == 0 || point.step == point.steps || isMeasured(point))
            text += toJson(point) + "\n";
    writeFileAtomically(to / "metrics.jsonl", text);
}

class Packing {
public:
    Packing(const Workspace &source, Workspace packed, const PackConfig &config, std::stop_token stop,
            const ProgressSink &progress)
        : source_(source), packed_(std::move(packed)), config_(config), stop_(std::move(stop)), progress_(progress) {}
    PackedModel run();

private:
    void packGpt();
    void packTranscoder(const std::string &name);
    void writeCorpus();
    void index(PackedTranscoder &packed);
    void label(PackedTranscoder &packed, const ExplainedModel &model, const Dictionary &dictionary);
    [[nodiscard]] std::vector<std::pair<int, int>> worthLabels(const ExplainedModel &model,
                                                               const Dictionary &dictionary) const;
    void trace(const std::string &transcoder, const std::string &prompt, const std::string &name);
    void finish();

    const Workspace &source_;
    Workspace packed_;
    const PackConfig &config_;
    std::stop_token stop_;
    const ProgressSink &progress_;
    std::string gpt_; ///< the run that the transcoders explain
    PackedModel result_;
};

/// Figures of a GPT on what its corpus held out.
HeldOutLoss lossOf(const GptWeights<float> &gpt, const TokenCache &tokens, const std::stop_token &stop) {
    return heldOutLoss(gpt, tokens, tokens.trainTokens(), tokens.size(), tokens.heldOutBytes(), 0, stop);
}

void Packing::packGpt() {
    gpt_ = transcoderConfigFromJson(readFile(source_.transcoder(config_.transcoders.front()) / "config.json")).gptRun;
    const fs::path from = source_.gpt(gpt_), to = packed_.gpt(gpt_);
    makeFolder(to);
    writeAsHalf(from / "model.safetensors", to / "model.safetensors");
    writeFileAtomically(to / "config.json", readFile(from / "config.json"));
    writeThinnedMetrics(from, to);
    writeFinishedState(from, to);
    const GptWeights<float> trained = loadGpt(from), shipped = loadGpt(to);
    const std::string &tokenizer = trained.config.tokenizer;
    Tokenizer::load(source_.tokenizer(tokenizer)).save(packed_.tokenizer(tokenizer));
    const GptRunState run = readGptRun(source_, gpt_);
    const TokenCache tokens = TokenCache::openOrBuild(source_, run.config.corpus, tokenizer, stop_, progress_);
    result_.trained = lossOf(trained, tokens, stop_);
    result_.shipped = lossOf(shipped, tokens, stop_);
}

void Packing::packTranscoder(const std::string &name) {
    const fs::path from = source_.transcoder(name), to = packed_.transcoder(name);
    const TranscoderWeights<float> trained = loadTranscoder(from);
    checkBelongsTo(trained.config, name, source_.gpt(gpt_));
    makeFolder(to);
    TranscoderConfig config = trained.config;
    config.gptSha256 = sha256OfFile(packed_.gpt(gpt_) / "model.safetensors");
    writeFileAtomically(to / "config.json", toJson(config));
    for (const auto &entry : fs::directory_iterator(from)) {
        const std::string file = entry.path().filename().string();
        if (file.ends_with(".safetensors") && (file.starts_with("layer_") || file.starts_with("W_")))
            writeAsHalf(entry.path(), to / file);
    }
    writeFileAtomically(to / "statistics.safetensors", readFile(from / "statistics.safetensors"));
    writeThinnedMetrics(from, to);
    writeFinishedState(from, to);
    const TranscoderRunState run = readTranscoderRun(source_, name);
    const GptWeights<float> gpt = loadGpt(source_.gpt(gpt_)), halfGpt = loadGpt(packed_.gpt(gpt_));
    const TokenCache tokens =
        TokenCache::openOrBuild(source_, run.config.corpus, gpt.config.tokenizer, stop_, progress_);
    const auto measure = [&](const GptWeights<float> &model, const TranscoderWeights<float> &transcoder) {
        return evaluateTranscoder(model, transcoder, tokens, tokens.trainTokens(), tokens.size(), 0, stop_, progress_);
    };
    PackedTranscoder &packed = result_.transcoders.emplace_back();
    packed.name = name;
    packed.trained = measure(gpt, trained);
    packed.shipped = measure(halfGpt, loadTranscoder(to));
    writeEvaluation(to, {.metrics = packed.shipped, .step = run.step, .corpus = run.config.corpus});
}

void Packing::writeCorpus() {
    WordRuns training(config_.longestCopy);
    forEachStory(source_.corpusText(readGptRun(source_, gpt_).config.corpus), [&](std::string_view story) {
        training.add(story);
        return true;
    });
    const GptWeights<float> gpt = loadGpt(packed_.gpt(gpt_));
    const Tokenizer tokenizer = Tokenizer::load(packed_.tokenizer(gpt.config.tokenizer));
    const WrittenStories written = writeStories(gpt, tokenizer, training, config_.writtenStories, config_.temperature,
                                                config_.seed, stop_, progress_);
    result_.generatedStories = config_.generatedStories;
    result_.writtenStories = std::ssize(written.stories);
    result_.leftOutStories = written.leftOut;
    const StoryGenerator generator(config_.seed);
    const std::string end = "\n" + std::string(endOfTextMark) + "\n";
    std::string text;
    for (int64_t i = 0; i < config_.generatedStories; ++i)
        text += generator.story(static_cast<uint64_t>(i)) + end;
    for (const std::string &story : written.stories)
        text += story + end;
    const fs::path file = packed_.folder() / (std::string(corpusName) + ".txt");
    writeFileAtomically(file, text);
    importCorpus(packed_, corpusName, {file}, stop_, progress_, "generated, and written by " + gpt_);
    fs::remove(file);
}

/// Features that fire in the traced prompts, the strongest first; then those that fire most often in the corpus.
std::vector<std::pair<int, int>> Packing::worthLabels(const ExplainedModel &model, const Dictionary &dictionary) const {
    std::vector<std::pair<double, std::pair<int, int>>> ranked;
    std::set<std::pair<int, int>> seen;
    for (const std::string &prompt : config_.prompts)
        for (const ActiveFeature &active : promptFeatures(model, prompt, stop_).active)
            if (seen.insert({active.layer, active.feature}).second)
                ranked.push_back(
                    {-1 - double{active.activation} / double{active.maximum}, {active.layer, active.feature}});
    for (int layer = 0; layer < dictionary.layers(); ++layer)
        for (int feature = 0; feature < dictionary.features(); ++feature)
            if (!seen.contains({layer, feature}))
                ranked.push_back({-dictionary.density(layer, feature), {layer, feature}});
    std::sort(ranked.begin(), ranked.end());
    std::vector<std::pair<int, int>> features;
    for (const auto &[rank, feature] : ranked)
        features.push_back(feature);
    return features;
}

void Packing::label(PackedTranscoder &packed, const ExplainedModel &model, const Dictionary &dictionary) {
    const LabelProposer proposer(dictionary);
    FeatureNotes notes;
    for (const auto &[layer, feature] : worthLabels(model, dictionary)) {
        throwIfStopped(stop_);
        if (std::ssize(notes) == config_.labels)
            break;
        if (const auto proposed = proposer.propose(layer, feature))
            notes[{layer, feature}] = {.label = proposed->label,
                                       .notes = "Holds for " + std::to_string(proposed->agreeing) + " of its " +
                                                std::to_string(proposed->examples) + " top examples."};
    }
    const fs::path folder = packed_.transcoder(packed.name);
    writeFeatureNotes(folder, notes);
    for (const LabelCheck &check : checkLabels(dictionary, readFeatureLabels(folder).notes)) {
        ++packed.labels;
        packed.leastLabelShare = std::min(packed.leastLabelShare, check.share());
    }
    if (packed.labels < config_.leastLabels || packed.leastLabelShare < LabelProposer::leastShare)
        throw Error(packed.name + " has only " + std::to_string(packed.labels) + " labels, the weakest true of " +
                    std::to_string(packed.leastLabelShare * 100) + " % of its examples; " +
                    std::to_string(config_.leastLabels) +
                    " that hold for nine in ten are wanted. More stories may help.");
}

void Packing::index(PackedTranscoder &packed) {
    const auto model = loadExplainedModel(packed_, packed.name, stop_);
    const IndexedCorpus corpus = indexedCorpus(packed_, *model, corpusName, stop_, progress_);
    buildFeatureIndex(model->gpt, model->transcoder, corpus.tokens, corpus.identity, corpus.file, stop_, progress_,
                      config_.sampledTokens);
    const FeatureIndex made = corpus.open();
    packed.alive = made.alive();
    packed.features = int64_t{made.layers()} * made.features();
    result_.corpusTokens = made.tokens();
    label(packed, *model, dictionaryOf(model, made, corpus.tokens, corpus.identity));
}

void Packing::trace(const std::string &transcoder, const std::string &prompt, const std::string &name) {
    const auto model = loadExplainedModel(packed_, transcoder, stop_);
    const FeatureNotes notes = readFeatureLabels(packed_.transcoder(transcoder)).notes;
    saveGraph(packed_, tracePrompt(*model, prompt, TraceSettings{}, notes, stop_), name);
    result_.graphs.push_back(name);
}

/// Paths below `folder`, each transcoder's and graph's in the order in which they are to be listed, the newest last.
std::vector<std::string> orderedFiles(const Workspace &packed, const PackConfig &config, const PackedModel &model) {
    std::vector<std::string> last;
    const auto addFolder = [&](const fs::path &folder, std::vector<std::string> &paths) {
        std::vector<std::string> found;
        for (const auto &entry : fs::recursive_directory_iterator(folder))
            if (entry.is_regular_file())
                found.push_back(fs::relative(entry.path(), packed.folder()).generic_string());
        std::sort(found.begin(), found.end());
        paths.insert(paths.end(), found.begin(), found.end());
    };
    for (auto name = config.transcoders.rbegin(); name != config.transcoders.rend(); ++name)
        addFolder(packed.transcoder(*name), last);
    for (auto name = model.graphs.rbegin(); name != model.graphs.rend(); ++name)
        last.push_back(fs::relative(packed.graph(*name), packed.folder()).generic_string());
    last.emplace_back("workspace.json");
    std::vector<std::string> all;
    addFolder(packed.folder(), all);
    std::erase_if(all,
                  [&](const std::string &path) { return std::find(last.begin(), last.end(), path) != last.end(); });
    all.insert(all.end(), last.begin(), last.end());
    return all;
}

void Packing::finish() {
    fs::remove_all(packed_.folder() / "corpus" / "tokens"); // made by the copy, in moments
    writeFileAtomically(packed_.folder() / "workspace.json",
                        writeJson({{"version", Workspace::version},
                                   {"program", std::string("TinyTranscoder ") + programVersion},
                                   {"demonstration", config_.name}}));
    const std::vector<std::string> files = orderedFiles(packed_, config_, result_);
    writeFileAtomically(packed_.folder() / "card.md", modelCard(source_, packed_, config_, result_));
    writeManifest(packed_.folder(), config_.name, "card.md", files);
    for (const auto &entry : fs::recursive_directory_iterator(packed_.folder()))
        if (entry.is_regular_file())
            result_.bytes += static_cast<int64_t>(entry.file_size());
    if (static_cast<double>(result_.bytes) > config_.mostMegabytes * 1e6)
        throw Error("The model would take " + std::to_string(result_.bytes / 1'000'000) + " MB, more than " +
                    std::to_string(static_cast<int>(config_.mostMegabytes)) +
                    ". Fewer stories, sampled tokens or features make it smaller.");
}

PackedModel Packing::run() {
    packGpt();
    for (const std::string &name : config_.transcoders)
        packTranscoder(name);
    writeCorpus();
    for (PackedTranscoder &packed : result_.transcoders)
        index(packed);
    const std::string &first = config_.transcoders.front();
    for (const std::string &prompt : config_.prompts)
        trace(first, prompt, asName(prompt, "prompt"));
    for (const std::string &name : config_.transcoders)
        if (name != first)
            trace(name, config_.prompts.front(), asName(config_.prompts.front() + " " + name, "prompt"));
    finish();
    return result_;
}

} // namespace

std::vector<std::string> shippedPrompts() {
    return {"Once upon a", "Lily was sad because she lost her", "Tom and Mia went to the park to",
            "The dog was very hungry. He wanted to", "\"Don't worry,\" said"};
}

std::vector<Problem> PackConfig::validate() const {
    std::vector<Problem> problems;
    if (transcoders.empty())
        problems.push_back({"transcoder", "A model that ships has at least one transcoder."});
    if (prompts.empty())
        problems.push_back({"prompt", "A model that ships has at least one traced prompt."});
    if (generatedStories < 1 || generatedStories > 100'000)
        problems.push_back({"generated", "Between 1 and 100,000 generated stories are needed."});
    if (writtenStories < 0 || writtenStories > 100'000)
        problems.push_back({"written", "At most 100,000 stories of the GPT can be asked for."});
    if (temperature <= 0 || temperature > 2)
        problems.push_back({"temperature", "The temperature must be above 0 and at most 2."});
    if (longestCopy < 1)
        problems.push_back({"longest-copy", "A run has at least one word."});
    if (sampledTokens < 1 || sampledTokens > mostSampledTokens)
        problems.push_back({"sampled", "The index samples 1 to 65,536 tokens."});
    return problems;
}

PackedModel packModel(const Workspace &source, const fs::path &out, const PackConfig &config, std::stop_token stop,
                      const ProgressSink &progress) {
    if (const auto problems = config.validate(); !problems.empty())
        throw Error(problems.front().text, Error::Kind::Usage);
    fs::path folder = fs::absolute(out).lexically_normal();
    if (!folder.has_filename())
        folder = folder.parent_path();
    const fs::path partial = folder.string() + ".partial";
    fs::remove_all(partial);
    PackedModel result;
    try {
        result = Packing(source, Workspace::openOrCreate(partial), config, std::move(stop), progress).run();
    } catch (...) {
        std::error_code error; // what cannot be removed only takes room
        fs::remove_all(partial, error);
        throw;
    }
    fs::remove_all(folder);
    fs::rename(partial, folder);
    return result;
}

} // namespace tt
