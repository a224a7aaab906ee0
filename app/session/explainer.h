#pragma once

#include "app/session/worker.h"
#include "core/features/prompt_features.h"
#include "core/io/workspace.h"

#include <QObject>

#include <array>
#include <memory>

namespace tt {

/// Loads a transcoder with its GPT and answers for prompts: features, graphs, verification, exports. Only the newest
/// request of a kind counts; older ones are stopped, and an answer that is no longer wanted is dropped.
class Explainer : public QObject {
    Q_OBJECT
public:
    explicit Explainer(QObject *parent = nullptr);

    /// Opens a transcoder; an empty name forgets the present one.
    /// `snapshot`: as it was after that step of its training; −1: as it is.
    void open(const Workspace &workspace, const std::string &transcoder, int64_t snapshot = -1);
    void prompt(const QString &text);
    void trace(const QString &prompt, const TraceSettings &settings);
    void verify(const QString &prompt, const Targets &targets);
    void exportGraph(const QString &file); ///< the newest graph traced
    void cancelTrace();
    void cancelVerification();
    [[nodiscard]] bool hasGraph() const { return static_cast<bool>(graph_); }

Q_SIGNALS:
    void opened(const QString &gpt, const QString &transcoder);
    void openFailed(const QString &why);
    void modelOpened(const std::shared_ptr<const tt::ExplainedModel> &model); ///< after opened(); null: forgotten
    void promptRead(const tt::PromptFeatures &features);
    void traced(const tt::TracedGraph &graph);
    void traceEnded(); ///< without a graph: stopped or failed
    void verified(const tt::Verification &verification);
    void exported(const QString &file);
    void failed(const QString &why);

private:
    enum Kind { Open, Prompt, Trace, Verify, Export, Kinds };
    using Answer = std::function<void()>; ///< runs on the window's thread
    /// Posts `work` in place of the older request of its kind; what it returns is run unless a newer one came
    /// meanwhile.
    void request(Kind kind, std::function<Answer(const std::stop_token &)> work);
    void fail(Kind kind, const QString &why);
    void stop(Kind kind);

    struct Loaded {
        std::shared_ptr<const ExplainedModel> model; ///< used on the worker only
    };
    std::shared_ptr<Loaded> loaded_ = std::make_shared<Loaded>();
    std::shared_ptr<const TracedGraph> graph_;
    std::array<std::stop_source, Kinds> stops_;
    std::array<quint64, Kinds> newest_{};
    Worker worker_; ///< last: ends before what it uses
};

} // namespace tt
