#pragma once

#include "app/session/graph_jobs.h"
#include "ui/window/main_window.h"

#include <QObject>

#include <optional>

namespace tt {

/// Joins the place Circuits to the graphs' computations.
class CircuitsSession : public QObject {
    Q_OBJECT
public:
    explicit CircuitsSession(MainWindow &window, QObject *parent = nullptr);

    void setWorkspace(const Workspace &workspace);
    /// A saved graph from any file, traced again with its transcoder of this workspace.
    void openFile(const QString &file);
    /// What the next traces are computed with; the graph shown is forgotten.
    void setModel(std::shared_ptr<const ExplainedModel> model);
    /// What its features are called.
    void setNotes(const FeatureNotes &notes);
    void setNote(int layer, int feature, const FeatureNote &note);
    /// A saved graph waits for its transcoder and is traced by itself.
    [[nodiscard]] bool reopens() const { return reopening_.has_value(); }
    /// The graph shown may belong to another prompt now.
    void promptEdited(const QString &prompt);

Q_SIGNALS:
    /// Another transcoder is to be opened and the prompt traced with it.
    void transcoderWanted(const QString &name);
    /// A saved graph put this prompt into the bar: everything else is to be about it too.
    void promptWanted(const QString &prompt);
    void failed(); ///< and said so

private:
    void connectPlace();
    void connectJobs();
    void trace(const TraceSettings &settings, bool large);
    void showGraph(const TracedGraph &graph);
    void connectSaved();
    void reopen();
    void takeTypedTarget(const QString &text);

    MainWindow &window_;
    std::optional<Workspace> workspace_;
    std::shared_ptr<const ExplainedModel> model_;
    std::optional<SavedGraph> reopening_; ///< waits for its transcoder
    QString tracedPrompt_;                ///< of the graph shown
    TraceSettings tracedSettings_;
    std::optional<Verification> verification_; ///< of the complete graph: thresholds do not touch it
    GraphJobs jobs_;
};

} // namespace tt
