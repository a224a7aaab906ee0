#include "app/session/explainer.h"

#include "core/circuits/graph_export.h"
#include "core/nn/device.h"

namespace tt {

namespace {
constexpr int verifiedSamples = 100;
constexpr uint64_t verificationSeed = 1;
} // namespace

Explainer::Explainer(QObject *parent) : QObject(parent) {
    worker_.post([](const std::stop_token &) { useThreads(hardwareThreads()); });
}

void Explainer::stop(Kind kind) {
    stops_[kind].request_stop();
    ++newest_[kind];
}

void Explainer::request(Kind kind, std::function<Answer(const std::stop_token &)> work) {
    stop(kind);
    const quint64 number = newest_[kind];
    stops_[kind] = worker_.post([this, kind, number, work = std::move(work)](const std::stop_token &token) {
        Answer answer;
        try { // the one place where an explanation's errors arrive
            answer = work(token);
        } catch (const Error &error) {
            if (error.kind() == Error::Kind::Cancelled)
                return;
            answer = [this, kind, why = QString::fromStdString(error.what())] { fail(kind, why); };
        } catch (const std::bad_alloc &) {
            answer = [this, kind] { fail(kind, QStringLiteral("Memory ran out. A shorter prompt needs less.")); };
        } catch (const std::exception &error) {
            answer = [this, kind,
                      why =
                          QStringLiteral("Something unexpected failed: %1").arg(QString::fromLocal8Bit(error.what()))] {
                fail(kind, why);
            };
        }
        handOver(this, [this, kind, number, answer] {
            if (number == newest_[kind])
                answer();
        });
    });
}

void Explainer::fail(Kind kind, const QString &why) {
    if (kind == Open) {
        Q_EMIT openFailed(why);
        return;
    }
    if (kind == Trace)
        Q_EMIT traceEnded();
    Q_EMIT failed(why);
}

void Explainer::open(const Workspace &workspace, const std::string &transcoder, int64_t snapshot) {
    for (const Kind kind : {Prompt, Trace, Verify})
        stop(kind);
    graph_.reset();
    request(Open, [this, workspace, transcoder, snapshot, loaded = loaded_](const std::stop_token &token) -> Answer {
        loaded->model.reset();
        if (transcoder.empty())
            return [this] {
                Q_EMIT opened({}, {});
                Q_EMIT modelOpened(nullptr);
            };
        loaded->model = loadExplainedModel(workspace, transcoder, token, snapshot);
        return [this, model = loaded->model, gpt = loaded->model->gptName, transcoder] {
            Q_EMIT opened(QString::fromStdString(gpt), QString::fromStdString(transcoder));
            Q_EMIT modelOpened(model);
        };
    });
}

void Explainer::prompt(const QString &text) {
    request(Prompt, [this, prompt = text.toStdString(), loaded = loaded_](const std::stop_token &token) -> Answer {
        if (!loaded->model)
            return [] {};
        auto features = std::make_shared<PromptFeatures>(promptFeatures(*loaded->model, prompt, token));
        return [this, features] { Q_EMIT promptRead(*features); };
    });
}

void Explainer::trace(const QString &text, const TraceSettings &settings) {
    request(Trace,
            [this, prompt = text.toStdString(), settings, loaded = loaded_](const std::stop_token &token) -> Answer {
                if (!loaded->model)
                    return [this] { Q_EMIT traceEnded(); };
                auto graph = std::make_shared<const TracedGraph>(tracePrompt(*loaded->model, prompt, settings, token));
                return [this, graph] {
                    graph_ = graph;
                    Q_EMIT traced(*graph);
                };
            });
}

void Explainer::cancelVerification() {
    stop(Verify);
}

void Explainer::cancelTrace() {
    stop(Trace);
    Q_EMIT traceEnded();
}

void Explainer::verify(const QString &text, const Targets &targets) {
    request(Verify,
            [this, prompt = text.toStdString(), targets, loaded = loaded_](const std::stop_token &token) -> Answer {
                if (!loaded->model)
                    return [] {};
                const Verification result =
                    verifyPrompt(*loaded->model, prompt, targets, verifiedSamples, verificationSeed, token);
                return [this, result] { Q_EMIT verified(result); };
            });
}

void Explainer::exportGraph(const QString &file) {
    if (!graph_)
        return;
    request(Export, [this, file, graph = graph_](const std::stop_token &) -> Answer {
        tt::exportGraph(graph->graph, graph->layout, std::filesystem::path(file.toStdString()));
        return [this, file] { Q_EMIT exported(file); };
    });
}

} // namespace tt
