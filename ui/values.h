#pragma once

#include "core/circuits/verify.h"
#include "core/features/prompt_features.h"
#include "core/nn/gpt_config.h"
#include "core/nn/transcoder.h"
#include "core/text/corpus.h"
#include "core/text/corpus_preview.h"
#include "core/text/token_statistics.h"
#include "core/train/estimate.h"
#include "core/train/gpt_training.h"
#include "core/train/transcoder_training.h"

#include <QString>

#include <cstdint>
#include <vector>

namespace tt {

/// What the window knows of a workspace; made by the session, shown by the places.
struct WorkspaceSummary {
    struct TokenizerRow {
        QString id, kind; ///< "bpe" or "gpt2"
        int vocabSize = 0;
    };
    struct GptRow {
        QString run;
        GptConfig config;
    };
    struct TranscoderRow {
        QString name;
        TranscoderConfig config;
    };
    QString folder;
    bool readOnly = false; ///< another window has it, or nothing can be written there
    QString unwritable;    ///< why nothing can be written there, in the system's words; empty where something can
    std::vector<CorpusInfo> corpora;
    std::vector<TokenizerRow> tokenizers;
    std::vector<GptRow> gpts;
    std::vector<TranscoderRow> transcoders;
    std::vector<TranscoderSummary> comparison; ///< the same ones, as last measured
};

/// A line of the Runs list. Finished and stopped runs of the workspace are in it too.
struct RunRow {
    enum class Kind { Gpt, Transcoder };
    enum class State { Waiting, Running, Paused, Stopping, Stopped, Finished, Failed };
    int id = 0; ///< unique while the program runs
    Kind kind = Kind::Gpt;
    State state = State::Waiting;
    QString name, what; ///< "bedtime-2", "GPT tiny on generated-120k"
    int64_t step = 0, steps = 0;
    QString validation; ///< "loss 2.22", "FVU 0.134", empty before the first
    double tokensPerSecond = 0, secondsLeft = 0, seconds = 0;
    QString problem;             ///< Failed: why
    QString preparing{};         ///< before the first step: "Caching activations, 34 %"
    int threads = 0;             ///< cores it computes on
    int64_t checkpointEvery = 0; ///< steps
    std::string settings{};      ///< JSON of its training configuration
};

/// The runs that are under way, as the foot of the window tells of them.
struct RunsStatus {
    int training = 0, paused = 0; ///< a paused one does not train
    double share = 0;             ///< of all steps of those that train done, else of the paused ones; 0 … 1
    double secondsLeft = -1;      ///< until the last that trains ends; negative if not known
};

/// What is known of the time, memory and disk that a training would take.
struct EstimateState {
    enum class State { Unknown, Measuring, Known, Failed } state = State::Unknown;
    TrainingEstimate estimate{};
    QString failure{}; ///< Failed: why
};

/// One long job that is no training (generate, import, tokenizer), for the status bar.
struct JobStatus {
    bool running = false;
    QString what;
    double done = 0, total = 0; ///< total 0 = not known
};

/// A corpus that is being fetched, or was begun to be.
struct DownloadRow {
    enum class State { Running, Paused, Failed, Finished };
    QString name;
    State state = State::Running;
    QString what;               ///< Running: "Downloading tinystories", "Checking tinystories", …
    double done = 0, total = 0; ///< bytes
    double bytesPerSecond = 0;  ///< 0 = not known
    double secondsLeft = -1;    ///< negative = not known
    QString problem;            ///< Failed: why
    bool operator==(const DownloadRow &) const = default;
};

/// How often each token occurs in a corpus, with the tokens that are listed.
struct TokenCounts {
    struct Row {
        std::string bytes;
        int64_t count = 0;
        bool operator==(const Row &) const = default;
    };
    TokenStatistics statistics;
    int vocabulary = 0;
    std::vector<Row> frequent; ///< most frequent first
};

/// A message with at most one action, shown in a message bar of a place and in Status.
struct Message {
    enum class Kind { Notice, Warning, Error } kind = Kind::Notice;
    QString title, text;
    QString actionText; ///< empty = no button
    QString action;     ///< what the session does when it is pressed, e.g. "resume:3"
};

} // namespace tt
