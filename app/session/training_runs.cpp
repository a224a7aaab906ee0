#include "app/session/training_runs.h"

#include "app/session/worker.h"
#include "core/nn/device.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>

namespace tt {

namespace {
constexpr std::chrono::milliseconds betweenBatches{33};

QString validationText(const TrainingPoint &point) {
    if (const auto loss = point.value("val_loss"))
        return QStringLiteral("loss %1").arg(*loss, 0, 'f', 3);
    double sum = 0;
    int layers = 0;
    while (const auto fvu = point.value("fvu_" + std::to_string(layers))) {
        sum += *fvu;
        ++layers;
    }
    return layers > 0 ? QStringLiteral("FVU %1").arg(sum / layers, 0, 'f', 3) : QString();
}

RunRow gptRow(const std::string &name, const GptTrainingConfig &config) {
    return {.kind = RunRow::Kind::Gpt,
            .name = QString::fromStdString(name),
            .what = QStringLiteral("GPT %1 on %2")
                        .arg(QString::fromStdString(config.preset), QString::fromStdString(config.corpus)),
            .steps = config.steps,
            .threads = config.threads,
            .checkpointEvery = config.checkpointEvery,
            .settings = toJson(config)};
}

RunRow transcoderRow(const std::string &name, const TranscoderTrainingConfig &config) {
    return {.kind = RunRow::Kind::Transcoder,
            .name = QString::fromStdString(name),
            .what = QStringLiteral("%1 %2 %3 for %4")
                        .arg(QString::fromStdString(toString(config.kind)),
                             QString::fromStdString(toString(config.activation)))
                        .arg(config.k)
                        .arg(QString::fromStdString(config.gptRun)),
            .steps = config.steps,
            .threads = config.threads,
            .checkpointEvery = config.checkpointEvery,
            .settings = toJson(config)};
}

template <class State>
void addState(RunRow &row, const State &state, const std::string &metrics) {
    row.step = state.step;
    row.seconds = state.seconds;
    row.state = state.finished ? RunRow::State::Finished : RunRow::State::Stopped;
    if (!state.importedFrom.empty()) { // there was no training
        row.what = TrainingRuns::tr("imported from %1").arg(QString::fromStdString(state.importedFrom));
        row.settings.clear();
    }
    const std::vector<TrainingPoint> points = readMetrics(metrics);
    for (auto point = points.rbegin(); point != points.rend() && row.validation.isEmpty(); ++point)
        row.validation = validationText(*point);
    if (!points.empty())
        row.tokensPerSecond = points.back().tokensPerSecond;
}
} // namespace

/// A run that trains: its thread, how it is paused, and the points that wait to be handed over.
struct TrainingRuns::Active {
    std::mutex mutex;
    std::condition_variable_any changed;
    bool paused = false;
    std::shared_ptr<LiveTranscoder> live; ///< of a transcoder
    std::vector<TrainingPoint> pending;
    std::chrono::steady_clock::time_point lastBatch{};
    std::jthread thread; ///< last: ends before what it uses
};

TrainingRuns::TrainingRuns(QObject *parent) : QObject(parent) {}

TrainingRuns::~TrainingRuns() {
    for (auto &[id, active] : active_)
        active->thread.request_stop();
    active_.clear();
}

int TrainingRuns::defaultThreads() {
    return std::max(1, hardwareThreads() - 1);
}

std::vector<RunRow> TrainingRuns::readRuns(const Workspace &workspace) {
    std::vector<RunRow> rows;
    for (const std::string &name : workspace.transcoders()) {
        const TranscoderRunState state = readTranscoderRun(workspace, name);
        addState(rows.emplace_back(transcoderRow(name, state.config)), state,
                 (workspace.transcoder(name) / "metrics.jsonl").string());
    }
    for (const std::string &name : workspace.gpts()) {
        const GptRunState state = readGptRun(workspace, name);
        addState(rows.emplace_back(gptRow(name, state.config)), state,
                 (workspace.gpt(name) / "metrics.jsonl").string());
    }
    return rows;
}

void TrainingRuns::setWorkspace(const Workspace &workspace, const std::vector<RunRow> &onDisk) {
    workspace_ = std::make_unique<Workspace>(workspace);
    rows_ = onDisk;
    for (RunRow &row : rows_)
        row.id = nextId_++;
    Q_EMIT runsChanged();
}

std::vector<RunRow> TrainingRuns::active() const {
    std::vector<RunRow> rows;
    std::copy_if(rows_.begin(), rows_.end(), std::back_inserter(rows),
                 [this](const RunRow &row) { return active_.contains(row.id); });
    return rows;
}

int TrainingRuns::threads() const {
    int sum = 0;
    for (const RunRow &row : active())
        if (row.state != RunRow::State::Paused)
            sum += row.threads;
    return sum;
}

RunRow *TrainingRuns::find(int id) {
    return const_cast<RunRow *>(std::as_const(*this).row(id));
}

std::filesystem::path TrainingRuns::folder(const RunRow &run) const {
    const std::string name = run.name.toStdString();
    return run.kind == RunRow::Kind::Gpt ? workspace_->gpt(name) : workspace_->transcoder(name);
}

std::string TrainingRuns::metricsFile(int id) const {
    const RunRow *found = row(id);
    return found ? (folder(*found) / "metrics.jsonl").string() : std::string();
}

const RunRow *TrainingRuns::row(int id) const {
    const auto found = std::find_if(rows_.begin(), rows_.end(), [id](const RunRow &row) { return row.id == id; });
    return found == rows_.end() ? nullptr : &*found;
}

void TrainingRuns::rename(int id, const QString &name) {
    update(id, [&name](RunRow &row) { row.name = name; });
}

void TrainingRuns::remove(int id) {
    std::erase_if(rows_, [id](const RunRow &row) { return row.id == id; });
    Q_EMIT runsChanged();
}

void TrainingRuns::restore(const RunRow &run) {
    rows_.insert(rows_.begin(), run);
    Q_EMIT runsChanged();
}

void TrainingRuns::adopt(RunRow run) {
    run.id = nextId_++;
    restore(run);
}

int TrainingRuns::addRow(RunRow row) {
    row.id = nextId_++;
    row.state = RunRow::State::Waiting;
    std::erase_if(rows_, [&](const RunRow &other) { return other.kind == row.kind && other.name == row.name; });
    rows_.insert(rows_.begin(), row);
    Q_EMIT runsChanged();
    return row.id;
}

void TrainingRuns::startGpt(const std::string &name, const GptTrainingConfig &wanted) {
    const GptTrainingConfig config = withThreads(wanted);
    launch(addRow(gptRow(name, config)), [workspace = *workspace_, name, config](std::stop_token stop,
                                                                                 const TrainingSink &sink) {
        const TokenCache tokens = TokenCache::openOrBuild(workspace, config.corpus, config.model.tokenizer, stop, {});
        trainGpt(workspace, name, config, tokens, stop, sink);
    });
}

void TrainingRuns::startTranscoder(const std::string &name, const TranscoderTrainingConfig &wanted) {
    const TranscoderTrainingConfig config = withThreads(wanted);
    const int id = addRow(transcoderRow(name, config));
    const auto live = std::make_shared<LiveTranscoder>();
    launch(
        id,
        [workspace = *workspace_, name, config, live, progress = preparing(id)](std::stop_token stop,
                                                                                const TrainingSink &sink) {
            const std::string tokenizer = readGptRun(workspace, config.gptRun).config.model.tokenizer;
            const TokenCache tokens = TokenCache::openOrBuild(workspace, config.corpus, tokenizer, stop, progress);
            trainTranscoder(workspace, name, config, tokens, stop, sink, progress, live.get());
        },
        live);
}

ProgressSink TrainingRuns::preparing(int id) {
    return [this, id](const Progress &progress) {
        const int percent = progress.total > 0 ? static_cast<int>(100 * progress.done / progress.total) : 0;
        handOver(this, [this, id, text = tr("%1, %2 %").arg(QString::fromStdString(progress.what)).arg(percent)] {
            update(id, [&text](RunRow &row) { row.preparing = text; });
        });
    };
}

TrainingRuns::Work TrainingRuns::resumeWork(const RunRow &row, const std::shared_ptr<LiveTranscoder> &live) {
    const std::string name = row.name.toStdString();
    if (row.kind == RunRow::Kind::Gpt)
        return [workspace = *workspace_, name](std::stop_token stop, const TrainingSink &sink) {
            const GptTrainingConfig config = readGptRun(workspace, name).config;
            const TokenCache tokens =
                TokenCache::openOrBuild(workspace, config.corpus, config.model.tokenizer, stop, {});
            resumeGpt(workspace, name, tokens, stop, sink);
        };
    return [workspace = *workspace_, name, live, progress = preparing(row.id)](std::stop_token stop,
                                                                               const TrainingSink &sink) {
        const TranscoderTrainingConfig config = readTranscoderRun(workspace, name).config;
        const std::string tokenizer = readGptRun(workspace, config.gptRun).config.model.tokenizer;
        const TokenCache tokens = TokenCache::openOrBuild(workspace, config.corpus, tokenizer, stop, progress);
        resumeTranscoder(workspace, name, tokens, stop, sink, progress, live.get());
    };
}

void TrainingRuns::update(int id, const std::function<void(RunRow &)> &change) {
    if (RunRow *row = find(id)) {
        change(*row);
        Q_EMIT runUpdated(*row);
    }
}

void TrainingRuns::askForWeights(int id, const LiveTranscoder::Take &take) {
    const auto found = active_.find(id);
    if (found == active_.end() || !found->second->live)
        return;
    found->second->live->ask(
        [this, take](int64_t step, const std::shared_ptr<const TranscoderWeights<float>> &weights) {
            handOver(this, [take, step, weights] { take(step, weights); });
        });
}

void TrainingRuns::launch(int id, Work work, std::shared_ptr<LiveTranscoder> live) {
    auto &active = active_[id] = std::make_unique<Active>();
    active->live = std::move(live);
    Active *shared = active.get();
    const auto flush = [this, id, shared] {
        if (!shared->pending.empty())
            handOver(this, [this, id, points = std::exchange(shared->pending, {})] { takePoints(id, points); });
        shared->lastBatch = std::chrono::steady_clock::now();
    };
    active->thread = std::jthread([this, id, shared, flush, work = std::move(work)](const std::stop_token &stop) {
        const TrainingSink sink = [&](const TrainingPoint &point) {
            shared->pending.push_back(point);
            if (std::chrono::steady_clock::now() - shared->lastBatch >= betweenBatches)
                flush();
            std::unique_lock lock(shared->mutex);
            if (!shared->paused)
                return;
            flush();
            handOver(this, [this, id] {
                update(id, [&](RunRow &row) {
                    if (row.state == RunRow::State::Running)
                        row.state = RunRow::State::Paused;
                });
            });
            shared->changed.wait(lock, stop, [&] { return !shared->paused; });
        };
        Ending ending;
        try { // the one place where a training's errors arrive
            work(stop, sink);
        } catch (const Error &error) {
            if (error.kind() != Error::Kind::Cancelled)
                ending.failure = QString::fromStdString(error.what());
            ending.diverged = error.kind() == Error::Kind::Diverged;
        } catch (const std::bad_alloc &) {
            ending.failure = QStringLiteral("Memory ran out. A smaller batch, model or dictionary needs less.");
        } catch (const std::exception &error) {
            ending.failure =
                QStringLiteral("Something unexpected failed: %1").arg(QString::fromLocal8Bit(error.what()));
        }
        flush();
        ending.stopped = stop.stop_requested();
        handOver(this, [this, id, ending] { end(id, ending); });
    });
    update(id, [](RunRow &row) {
        row.state = RunRow::State::Running;
        row.problem.clear();
    });
}

void TrainingRuns::takePoints(int id, const std::vector<TrainingPoint> &points) {
    const TrainingPoint &last = points.back();
    update(id, [&](RunRow &row) {
        row.step = last.step;
        row.steps = last.steps;
        row.preparing.clear();
        row.seconds = last.seconds;
        row.secondsLeft = last.secondsLeft;
        row.tokensPerSecond = last.tokensPerSecond;
        for (const TrainingPoint &point : points)
            if (const QString text = validationText(point); !text.isEmpty())
                row.validation = text;
    });
    Q_EMIT pointsArrived(id, points);
    const RunRow *run = row(id);
    for (auto point = points.rbegin(); run && point != points.rend(); ++point)
        if (point->step % run->checkpointEvery == 0 && point->step < run->steps)
            return Q_EMIT checkpointSaved(id); // it was, before its point was handed over
}

void TrainingRuns::end(int id, const Ending &ending) {
    active_.erase(id); // joins a thread that has nothing left to do
    update(id, [&ending](RunRow &row) {
        const bool complete = row.steps > 0 && row.step >= row.steps;
        row.state = !ending.failure.isEmpty()     ? RunRow::State::Failed
                    : ending.stopped && !complete ? RunRow::State::Stopped
                                                  : RunRow::State::Finished;
        row.problem = ending.failure;
        row.secondsLeft = 0;
    });
    if (!ending.failure.isEmpty())
        if (const RunRow *row = find(id))
            Q_EMIT failed(*row, ending.failure, ending.diverged);
    if (ending.failure.isEmpty())
        Q_EMIT checkpointSaved(id);
    Q_EMIT runEnded(id);
}

void TrainingRuns::pause(int id) {
    const auto found = active_.find(id);
    if (found == active_.end())
        return;
    const std::lock_guard lock(found->second->mutex);
    found->second->paused = true;
}

void TrainingRuns::resume(int id) {
    const RunRow *row = find(id);
    if (!row)
        return;
    const auto found = active_.find(id);
    if (found == active_.end()) {
        const auto live = row->kind == RunRow::Kind::Transcoder ? std::make_shared<LiveTranscoder>() : nullptr;
        launch(id, resumeWork(*row, live), live);
        return;
    }
    {
        const std::lock_guard lock(found->second->mutex);
        found->second->paused = false;
    }
    found->second->changed.notify_all();
    update(id, [](RunRow &r) { r.state = RunRow::State::Running; });
}

void TrainingRuns::stop(int id) {
    const auto found = active_.find(id);
    if (found == active_.end())
        return;
    update(id, [](RunRow &row) { row.state = RunRow::State::Stopping; });
    found->second->thread.request_stop();
}

void TrainingRuns::stopAll() {
    for (const RunRow &row : active())
        stop(row.id);
}

} // namespace tt
