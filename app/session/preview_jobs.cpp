#include "app/session/preview_jobs.h"

#include "app/session/training_runs.h"
#include "core/nn/device.h"
#include "core/text/corpus_preview.h"

#include <algorithm>

namespace tt {

namespace {
constexpr size_t previewTokens = 1200; // two screens
constexpr size_t listed = 100;         // of the most frequent tokens

TokenCounts countsOf(const Workspace &workspace, const std::string &corpus, const std::string &tokenizer, bool all,
                     const std::stop_token &stop, const ProgressSink &progress) {
    TokenCounts counts;
    counts.statistics = tokenStatistics(workspace, corpus, tokenizer, all ? 0 : statisticsSample, stop, progress);
    const Tokenizer loaded = Tokenizer::load(workspace.tokenizer(tokenizer));
    counts.vocabulary = loaded.vocabSize();
    for (const int32_t id : counts.statistics.mostFrequent(listed))
        counts.frequent.push_back({std::string(loaded.bytes(id)), counts.statistics.counts[static_cast<size_t>(id)]});
    return counts;
}
} // namespace

PreviewJobs::PreviewJobs(QObject *parent) : QObject(parent) {
    counting_.post([](const std::stop_token &) { useThreads(TrainingRuns::defaultThreads()); });
}

/// One catch for both threads.
template <class Work>
std::stop_source PreviewJobs::start(Worker &worker, Work work) {
    return worker.post([this, work = std::move(work)](const std::stop_token &stop) {
        try {
            work(stop);
        } catch (const Error &error) {
            if (error.kind() != Error::Kind::Cancelled)
                handOver(this, [this, why = QString::fromStdString(error.what())] { Q_EMIT failed(why); });
        } catch (const std::exception &error) {
            handOver(this, [this, why = QString::fromLocal8Bit(error.what())] { Q_EMIT failed(why); });
        }
    });
}

void PreviewJobs::preview(const Workspace &workspace, const QString &corpus, const QString &tokenizer, qint64 first) {
    previewStop_.request_stop();
    previewStop_ = start(reading_, [this, workspace, corpus = corpus.toStdString(), tokenizer = tokenizer.toStdString(),
                                    first](const std::stop_token &stop) {
        if (!reader_ || reader_->corpus() != corpus || reader_->tokenizer() != tokenizer) {
            reader_.reset();
            reader_ = std::make_shared<CorpusPreview>(workspace, corpus, tokenizer);
        }
        handOver(this, [this, preview = reader_->stories(first, previewTokens, stop)] { Q_EMIT previewed(preview); });
    });
}

void PreviewJobs::count(const Workspace &workspace, const QString &corpus, const QString &tokenizer, bool all) {
    const auto same = [&](const TokenCounts &counts) {
        return counts.statistics.corpus == corpus.toStdString() &&
               counts.statistics.tokenizer == tokenizer.toStdString() && (!all || counts.statistics.complete);
    };
    if (const auto known = std::find_if(remembered_.begin(), remembered_.end(), same); known != remembered_.end()) {
        Q_EMIT counted(*known);
        return;
    }
    countStop_.request_stop();
    ProgressSink progress;
    if (all)
        progress = [this](const Progress &p) {
            handOver(this, [this, job = JobStatus{true, QString::fromStdString(p.what), p.done, p.total}] {
                Q_EMIT jobChanged(job);
            });
        };
    countStop_ = start(counting_, [this, workspace, corpus = corpus.toStdString(), tokenizer = tokenizer.toStdString(),
                                   all, progress, generation = generation_](const std::stop_token &stop) {
        const auto end = [&] {
            if (all)
                handOver(this, [this] { Q_EMIT jobChanged({}); });
        };
        try {
            const TokenCounts counts = countsOf(workspace, corpus, tokenizer, all, stop, progress);
            handOver(this, [this, counts, generation] {
                if (generation == generation_) {
                    remembered_.push_front(counts);
                    remembered_.resize(std::min(remembered_.size(), mostRemembered));
                }
                Q_EMIT counted(counts);
            });
        } catch (...) {
            end();
            throw;
        }
        end();
    });
}

void PreviewJobs::forget() {
    ++generation_;
    remembered_.clear();
    reading_.post([this](const std::stop_token &) { reader_.reset(); });
}

void PreviewJobs::cancelCount() {
    countStop_.request_stop();
}

} // namespace tt
