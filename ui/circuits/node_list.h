#pragma once

#include "ui/circuits/node_list_model.h"

#include <QTableView>

namespace tt {

/// A list of nodes as design.md §4 shows inputs and outputs: sign of the kind, name and place, signed bar, figures.
class NodeList : public QTableView {
    Q_OBJECT
public:
    NodeList(const QString &title, const QString &weightTitle, const QString &shareTitle, QWidget *parent);
    void setRows(std::vector<NodeListModel::Row> rows);
    [[nodiscard]] NodeListModel *nodes() const { return model_; }
    /// The height that shows `rows` rows and the header.
    [[nodiscard]] int heightOf(int rows) const;

Q_SIGNALS:
    void nodeChosen(int node);  ///< click or Return
    void splitWanted(int node); ///< Space
    void menuRequested(int node, QPoint globalPoint);

protected:
    void resizeEvent(QResizeEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void updateSizes();
    NodeListModel *model_;
};

} // namespace tt
