#pragma once

#include "app/session/worker.h"
#include "core/circuits/saved_graph.h"
#include "core/io/workspace.h"

#include <QObject>
#include <QStringList>

#include <vector>

namespace tt {

/// Makes the demonstration ready: a copy of the model that ships, in a workspace of the user's own.
class FirstStart : public QObject {
    Q_OBJECT
public:
    explicit FirstStart(QObject *parent = nullptr);

    /// Where the copy is: below the user's data folder, the same for packaging/run and the window.
    static QString folder();
    /// The workspace to open where there is no demonstration.
    static QString emptyFolder();

    /// Copies what is missing in `folder`; ready() or failed() follows. Where the program's model lies elsewhere than
    /// beside it, `model` says so.
    void prepare(const QString &folder, const QString &model = QString());
    /// Reads what the demonstration's start shows; graphsRead() follows where the workspace is one.
    void readGraphs(const Workspace &workspace);

    /// The first of these folders with the weights of a saved graph, else the first of all; chosen() follows. The
    /// demonstration counts before it was copied.
    void chooseFor(const QString &graphFile, const QStringList &folders);

Q_SIGNALS:
    void chosen(const QString &folder);
    void ready(const QString &folder, bool first); ///< `first`: there was no copy before
    void failed(const QString &why);
    void graphsRead(const std::vector<tt::SavedGraphSummary> &graphs);

private:
    Worker worker_; ///< last: ends before what it uses
};

} // namespace tt
