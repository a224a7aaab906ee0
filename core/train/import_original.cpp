#include "core/train/import_original.h"

#include "core/error.h"
#include "core/nn/original_files.h"
#include "core/train/gpt_training.h"
#include "core/train/imported_run_impl.h"

#include <optional>

namespace tt {

namespace fs = std::filesystem;

namespace {
const char *const program = "the Python TinyTranscoder";
constexpr int gpt2Vocabulary = 50'257;
const char *const gpt2Tokenizer = "gpt2";

/// The workspace's tokenizer for so many tokens; a warning where there is none.
std::string tokenizerFor(const Workspace &workspace, int vocabulary, std::vector<std::string> &warnings) {
    const bool gpt2 = vocabulary == gpt2Vocabulary;
    for (const std::string &id : workspace.tokenizers()) {
        const Tokenizer tokenizer = Tokenizer::load(workspace.tokenizer(id));
        if (tokenizer.vocabSize() != vocabulary || (gpt2 && tokenizer.kind() != "gpt2"))
            continue;
        if (!gpt2)
            warnings.push_back("The GPT's file does not say which tokenizer it was trained with; " + id +
                               ", with as many tokens, is taken for it.");
        return id;
    }
    warnings.push_back(gpt2 ? "The GPT reads GPT-2's tokens, whose files this workspace does not have yet: take them "
                              "in Data, or with tokenizer gpt2."
                            : "The GPT has " + std::to_string(vocabulary) +
                                  " tokens, and no tokenizer of this workspace has as many; without one no text can be "
                                  "given to it.");
    return gpt2 ? gpt2Tokenizer : "";
}

/// Reads, checks and then writes; what is wrong is found before anything is written.
class Importer {
public:
    Importer(const Workspace &workspace, const OriginalImport &request, std::stop_token stop,
             const ProgressSink &progress)
        : workspace_(workspace), request_(request), stop_(std::move(stop)), progress_(progress) {}

    ImportedOriginal run() {
        if (!request_.gpt.empty())
            readGpt();
        if (!request_.transcoder.empty())
            readTranscoder();
        if (request_.gpt.empty())
            findGpt();
        if (!request_.transcoder.empty())
            requireFits(transcoder_.config, request_.transcoder.string(), gpt_.config, out_.gpt);
        throwIfStopped(stop_);
        std::optional<ImportedRun> made;
        if (!request_.gpt.empty()) {
            report("Writing the GPT");
            made.emplace(workspace_.gpt(out_.gpt), "GPT", toJson(gpt_.config));
            saveGptWeights(made->folder().file("model.safetensors"), gpt_);
        }
        if (!request_.transcoder.empty())
            writeTranscoder();
        if (made) // last: without its transcoder it goes again
            made->commit(program);
        return out_;
    }

private:
    void report(const std::string &what) const {
        if (progress_)
            progress_({.what = what});
    }

    void readGpt() {
        out_.gpt = request_.gptRun.empty() ? freeRunName(workspace_.folder() / "gpt", request_.gpt.stem().string())
                                           : request_.gptRun;
        checkName(out_.gpt, "GPT"); // before it is part of a path
        requireFreeRun(workspace_.gpt(out_.gpt), "GPT");
        report("Reading " + request_.gpt.filename().string());
        gpt_ = readOriginalGpt(request_.gpt);
        gpt_.config.tokenizer = tokenizerFor(workspace_, gpt_.config.vocabSize, out_.warnings);
    }

    /// The GPT that is here already, for a transcoder that comes alone.
    void findGpt() {
        out_.gpt = request_.gptRun.empty() ? newestThatFits(workspace_, transcoder_.config)
                                           : workspace_.pickGpt(request_.gptRun);
        gpt_ = loadGpt(workspace_.gpt(out_.gpt));
        if (request_.gptRun.empty())
            out_.warnings.push_back("The transcoder's file does not say which GPT it was made for; " + out_.gpt +
                                    " is taken for it.");
    }

    void readTranscoder() {
        out_.transcoder = request_.transcoderName.empty()
                              ? freeRunName(workspace_.folder() / "transcoders", request_.transcoder.stem().string())
                              : request_.transcoderName;
        checkName(out_.transcoder, "transcoder");
        requireFreeRun(workspace_.transcoder(out_.transcoder), "transcoder");
        report("Reading " + request_.transcoder.filename().string());
        transcoder_ = readOriginalTranscoder(request_.transcoder, request_.k);
        out_.warnings.push_back(
            "The transcoder's file does not say how many features stay active; k = " + std::to_string(request_.k) +
            " is taken, " + (request_.k == OriginalImport().k ? "the original program's default." : "as asked."));
        out_.warnings.push_back("The transcoder predicts layer-normed MLP outputs: its activations can be seen in "
                                "Features; graphs and interventions need one that this program trained.");
    }

    void writeTranscoder() {
        transcoder_.config.gptRun = out_.gpt;
        transcoder_.config.gptSha256 = sha256OfFile(workspace_.gpt(out_.gpt) / "model.safetensors", stop_);
        const std::string corpus = request_.gpt.empty() ? readGptRun(workspace_, out_.gpt).config.corpus : "";
        const auto stories = storiesFor(workspace_, corpus, gpt_.config, stop_, progress_);
        report("Writing the transcoder");
        writeImportedTranscoder(workspace_, out_.transcoder, transcoder_, gpt_, stories, program);
    }

    const Workspace &workspace_;
    const OriginalImport &request_;
    std::stop_token stop_;
    const ProgressSink &progress_;
    ImportedOriginal out_;
    GptWeights<float> gpt_;
    TranscoderWeights<float> transcoder_;
};
} // namespace

OriginalImport originalImportOf(const std::vector<fs::path> &files) {
    OriginalImport request;
    for (const fs::path &file : files) {
        fs::path &place = isOriginalTranscoder(file) ? request.transcoder : request.gpt;
        if (!place.empty())
            throw Error(place.string() + " and " + file.string() + " are both a " +
                        (&place == &request.gpt ? "GPT" : "transcoder") +
                        "; import them one after the other, or one GPT with its transcoder.");
        place = file;
    }
    return request;
}

ImportedOriginal importOriginal(const Workspace &workspace, const OriginalImport &request, std::stop_token stop,
                                const ProgressSink &progress) {
    workspace.requireWritable();
    if (request.gpt.empty() && request.transcoder.empty())
        throw Error("Say which file to import: the GPT's (--gpt), the transcoder's (--transcoder), or both.",
                    Error::Kind::Usage);
    return Importer(workspace, request, std::move(stop), progress).run();
}

} // namespace tt
