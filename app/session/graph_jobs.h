#pragma once

#include "app/session/requests.h"
#include "core/circuits/compare_graphs.h"
#include "core/circuits/edge_split.h"
#include "core/circuits/paths.h"
#include "core/circuits/prompt_trace.h"
#include "core/circuits/saved_graph.h"
#include "ui/circuits/graph_requests.h"

#include <QObject>
#include <QStringList>

#include <functional>
#include <memory>

namespace tt {

/// Answers what the window asks about graphs: traces, thresholds, splits, paths, verification, exports. Keeps the
/// complete graph of the newest trace. Only the newest request of a kind counts; an older one is stopped, and an answer
/// that is no longer wanted is dropped. Quick answers and long work have a thread each.
class GraphJobs : public QObject {
    Q_OBJECT
public:
    explicit GraphJobs(QObject *parent = nullptr);

    /// What everything after this is computed with; forgets the graph.
    void setModel(std::shared_ptr<const ExplainedModel> model);
    /// What features are called from now on. Whether one in the graph shown has another label than before, so that it
    /// has to be arranged; a graph that is being traced is, by itself.
    [[nodiscard]] bool setNotes(FeatureNotes notes);
    [[nodiscard]] const FeatureNotes &notes() const { return notes_; }
    [[nodiscard]] bool hasGraph() const { return static_cast<bool>(trace_); }

    /// A graph that takes more than 1 GB is announced by tooLarge() unless `large`.
    void trace(const QString &prompt, const TraceSettings &settings, const GraphAnnotations &annotations, bool large);
    /// The same trace with other thresholds or annotations; `anew`: not in the present layout.
    void arrange(const PruneSettings &prune, const GraphAnnotations &annotations, bool anew = false);
    void cancelTrace();
    void split(const SplitRequest &request);
    void readPattern(const PatternRequest &request);
    void findPaths(const PathsRequest &request);
    void propose();
    void verify();
    void cancelVerification();
    void exportGraph(const ExportRequest &request);
    void save(const Workspace &workspace, const QString &name);
    /// A saved graph; opened() names the transcoder of the workspace with its weights, absent() says there is none.
    void open(const Workspace &workspace, const QString &name);
    void openFile(const Workspace &workspace, const QString &file); ///< the same of a file anywhere
    void list(const Workspace &workspace);
    /// Traces another prompt or transcoder to the same target and thresholds, and compares it with the graph shown.
    void compare(const Workspace &workspace, const CompareRequest &request);

Q_SIGNALS:
    void traced(const tt::TracedGraph &graph);
    void traceEnded(); ///< without a graph: stopped or failed
    void tooLarge(qint64 bytes);
    void splitFound(const tt::SplitRequest &request, const tt::EdgeSplit &split);
    void patternRead(const tt::PatternRequest &request, const std::vector<float> &pattern);
    void pathsFound(const std::vector<tt::GreedyPath> &paths);
    void proposed(const std::vector<tt::Supernode> &proposals);
    void verified(const tt::Verification &verification);
    void exported(const QString &file);
    void saved(const QString &name);
    void opened(const tt::SavedGraph &graph);
    void absent(const tt::SavedGraph &graph);
    void listed(const QStringList &names);
    void compared(const tt::ComparedGraph &compared);
    void failed(const QString &why);

private:
    enum Kind { Trace, Split, Pattern, Paths, Proposals, Verify, Export, Save, Open, List, Compare, Kinds };
    using Answer = Requests::Answer;
    void fail(int kind, const QString &why);
    void open(const Workspace &workspace, const std::function<SavedGraph()> &load);
    void show(const std::shared_ptr<const TracedGraph> &graph);

    std::shared_ptr<const ExplainedModel> model_;
    FeatureNotes notes_;   ///< of the model's features
    bool tracing_ = false; ///< a trace was asked for and has not ended
    std::shared_ptr<const PromptTrace> trace_;
    std::shared_ptr<const TracedGraph> shown_, laidOut_; ///< laidOut_: the newest with a layout of its own
    Requests requests_;
};

} // namespace tt
