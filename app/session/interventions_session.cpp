#include "app/session/interventions_session.h"

#include "ui/figures/words.h"
#include "ui/interventions/effects_pane.h"
#include "ui/interventions/interventions_place.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/window/main_window.h"

#include <QDir>

#include <chrono>
#include <cmath>
#include <filesystem>

namespace tt {
namespace {

constexpr int saveAfter = 400; // milliseconds without a change
constexpr std::chrono::milliseconds betweenPieces{33};

/// The prompt read last, kept for the next request of the same worker.
class LastPrompt {
public:
    const SteeredPrompt &of(const std::shared_ptr<const ExplainedModel> &model, const std::string &prompt) {
        if (!read_ || &read_->model() != model.get() || read_->prompt() != prompt)
            read_ = std::make_unique<SteeredPrompt>(model, prompt);
        return *read_;
    }

private:
    std::unique_ptr<SteeredPrompt> read_;
};

std::filesystem::path listFile(const Workspace &workspace, const std::string &transcoder) {
    return workspace.folder() / "interventions" / (transcoder + ".json");
}

void writeList(const std::filesystem::path &file, const InterventionList &list) {
    std::error_code error;
    if (list.rows.empty() && !std::filesystem::exists(file, error))
        return;
    makeFolder(file.parent_path());
    writeInterventions(list, file);
}

double milliseconds(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

InterventionsSession::InterventionsSession(MainWindow &window, QObject *parent)
    : QObject(parent), window_(window), requests_({0, 1, 1, 2, 3, 0, 0}, this) {
    saving_.setSingleShot(true);
    saving_.setInterval(saveAfter);
    connect(&saving_, &QTimer::timeout, this, &InterventionsSession::save);
    connect(&requests_, &Requests::failed, this, &InterventionsSession::fail);
    connectPlace();
}

InterventionsSession::~InterventionsSession() {
    try {
        for (const auto &[file, list] : unsaved_)
            writeList(file, list);
    } catch (const std::exception &) { // the window is gone: nobody can be told
    }
}

void InterventionsSession::connectPlace() {
    InterventionsPlace &place = window_.interventionsPlace();
    connect(&place, &InterventionsPlace::evaluateRequested, this, &InterventionsSession::evaluate);
    connect(&place, &InterventionsPlace::effectsRequested, this, &InterventionsSession::measure);
    connect(&place, &InterventionsPlace::generateRequested, this,
            [this](const QString &prompt, const std::vector<Intervention> &rows, const SamplingConfig &sampling,
                   quint64 seed) {
                textsRunning_ = 2;
                write(BeforeText, prompt, {}, sampling, seed);
                write(AfterText, prompt, rows, sampling, seed);
            });
    connect(&place, &InterventionsPlace::stopRequested, this, &InterventionsSession::stopTexts);
    connect(&place, &InterventionsPlace::demonstrationRequested, this, &InterventionsSession::demonstrate);
    connect(&place, &InterventionsPlace::promptWanted, this, &InterventionsSession::promptWanted);
    connect(&place, &InterventionsPlace::listChanged, this, [this](const InterventionList &list) {
        if (!listRead_ || !model_ || !workspace_ || workspace_->readOnly())
            return;
        InterventionList &unsaved = unsaved_[listFile(*workspace_, model_->transcoderName)] = list;
        unsaved.transcoder = model_->transcoderName;
        saving_.start();
    });
    connect(&place, &InterventionsPlace::exportRequested, this,
            [this](const InterventionList &list, const QString &file) {
                requests_.post(Export, [this, list, file](const std::stop_token &) -> Requests::Answer {
                    writeInterventions(list, file.toStdString());
                    return [this, file] { window_.setStatus(tr("Exported %1").arg(QDir::toNativeSeparators(file))); };
                });
            });
}

void InterventionsSession::setModel(std::shared_ptr<const ExplainedModel> model, const Workspace *workspace) {
    save();
    for (int kind = 0; kind < Kinds; ++kind)
        requests_.stop(kind);
    evaluating_ = false;
    next_.reset();
    if (textsRunning_ > 0)
        stopTexts();
    model_ = std::move(model);
    workspace_ = workspace ? std::optional(*workspace) : std::nullopt;
    listRead_ = false;
    if (model_ && workspace_)
        readList();
}

void InterventionsSession::readList() {
    const std::filesystem::path file = listFile(*workspace_, model_->transcoderName);
    requests_.post(Read, [this, file](const std::stop_token &) -> Requests::Answer {
        std::error_code error;
        InterventionList list;
        QString problem;
        if (std::filesystem::exists(file, error)) {
            try {
                list = readInterventions(file);
            } catch (const Error &unreadable) {
                problem = QString::fromStdString(unreadable.what());
            }
        }
        return [this, list, problem] {
            window_.interventionsPlace().setList(list);
            listRead_ = problem.isEmpty(); // what cannot be read is not written over
            if (!problem.isEmpty())
                window_.showMessage({.kind = Message::Kind::Warning,
                                     .title = tr("The saved interventions cannot be read"),
                                     .text = problem + tr(" New ones are not saved until it is mended or removed.")},
                                    MainWindow::Place::Interventions);
        };
    });
}

void InterventionsSession::save() {
    saving_.stop();
    for (const auto &[file, list] : unsaved_)
        saver_.post([this, file, list](const std::stop_token &) {
            QString why;
            try { // the one place where an error of saving arrives
                writeList(file, list);
            } catch (const std::exception &error) {
                why = QString::fromLocal8Bit(error.what());
            }
            handOver(this, [this, file, list, why] {
                if (!why.isEmpty())
                    fail(Export, why);
                if (const auto found = unsaved_.find(file); found != unsaved_.end() && found->second == list)
                    unsaved_.erase(found);
            });
        });
}

/// One evaluation at a time; while it runs only the newest of the others is kept. A slider that moves faster than the
/// model computes is followed as fast as possible.
void InterventionsSession::evaluate(const QString &prompt, const InterventionRequest &request) {
    next_ = {prompt, request};
    if (model_ && !evaluating_)
        evaluateNext();
}

void InterventionsSession::evaluateNext() {
    evaluating_ = next_.has_value();
    if (!next_)
        return;
    const auto [prompt, request] = *std::exchange(next_, std::nullopt);
    static thread_local LastPrompt prepared; // of the worker
    requests_.post(
        Evaluate,
        [this, model = model_, of = prompt, what = request,
         asked = std::chrono::steady_clock::now()](const std::stop_token &stop) -> Requests::Answer {
            const auto outcome =
                std::make_shared<InterventionOutcome>(prepared.of(model, of.toStdString()).evaluate(what, stop));
            return [this, of, what, outcome, asked] {
                window_.interventionsPlace().setOutcome(of, what, *outcome);
                if (!what.rows.empty())
                    window_.setStatus(tr("Followed the change in %1 ms").arg(std::lround(milliseconds(asked))));
                evaluateNext();
            };
        });
}

void InterventionsSession::measure(const QString &of, std::optional<int32_t> target) {
    if (!model_)
        return;
    requests_.post(Effects, [this, model = model_, of, target](const std::stop_token &stop) -> Requests::Answer {
        const SteeredPrompt prompt(model, of.toStdString());
        const auto report = std::make_shared<EffectReport>(prompt.effects(target, InterventionMode::Free, stop, {}));
        return [this, of, report] {
            window_.interventionsPlace().setEffects(of, *report);
            window_.setStatus(tr("%1 ablations in %2 ms, the graph in %3 ms")
                                  .arg(report->scan.effects.size())
                                  .arg(std::lround(1000 * report->ablationSeconds))
                                  .arg(std::lround(1000 * (report->seconds - report->ablationSeconds))));
        };
    });
}

/// Streams one side; pieces arrive in batches of at most about 30 a second.
void InterventionsSession::write(Kind kind, const QString &prompt, const std::vector<Intervention> &rows,
                                 const SamplingConfig &sampling, quint64 seed) {
    if (!model_)
        return;
    const auto side = kind == BeforeText ? TextsPane::BeforeSide : TextsPane::AfterSide;
    requests_.post(kind,
                   [this, side, rows, sampling, seed, model = model_,
                    text = prompt.toStdString()](const std::stop_token &stop) -> Requests::Answer {
                       std::vector<GeneratedPiece> pieces;
                       auto last = std::chrono::steady_clock::now();
                       const auto flush = [&] {
                           last = std::chrono::steady_clock::now();
                           handOver(this, [this, side, stop, some = std::exchange(pieces, {})] {
                               if (!stop.stop_requested())
                                   window_.interventionsPlace().texts().append(side, some);
                           });
                       };
                       SteeredPrompt(model, text)
                           .generate(
                               rows, sampling, seed,
                               [&](const GeneratedToken &token) {
                                   pieces.push_back({token.id, std::string(model->tokenizer.bytes(token.id))});
                                   if (std::chrono::steady_clock::now() - last >= betweenPieces)
                                       flush();
                                   return !stop.stop_requested();
                               },
                               stop);
                       flush();
                       return [this] { textEnded(); };
                   });
}

void InterventionsSession::textEnded() {
    if (--textsRunning_ == 0)
        window_.interventionsPlace().texts().finish();
}

void InterventionsSession::stopTexts() {
    requests_.stop(BeforeText);
    requests_.stop(AfterText);
    textsRunning_ = 0;
    window_.interventionsPlace().texts().finish();
}

void InterventionsSession::demonstrate(const Demonstration &demonstration) {
    if (!model_)
        return;
    window_.setStatus(tr("Searching for the feature"));
    requests_.post(Demonstrate, [this, demonstration, model = model_](const std::stop_token &stop) -> Requests::Answer {
        const DemonstrationResult result = tt::demonstrate(model, demonstration, stop);
        return [this, result] { window_.interventionsPlace().setDemonstration(result); };
    });
}

void InterventionsSession::fail(int kind, const QString &why) {
    const QString titles[Kinds] = {tr("The interventions could not be computed"),
                                   tr("The effects could not be measured"),
                                   tr("The demonstration failed"),
                                   tr("The text could not be written"),
                                   tr("The text could not be written"),
                                   tr("The saved interventions cannot be read"),
                                   tr("The interventions could not be written")};
    if (kind == Evaluate)
        evaluateNext();
    if (kind == Effects)
        window_.interventionsPlace().effects().clear({});
    if (kind == BeforeText || kind == AfterText)
        stopTexts();
    window_.showMessage({.kind = Message::Kind::Error, .title = titles[kind], .text = why},
                        MainWindow::Place::Interventions);
    Q_EMIT failed();
}

} // namespace tt
