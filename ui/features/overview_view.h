#pragma once

#include "ui/features/overview_model.h"

#include <QTableView>

namespace tt {

/// The matrix "Strongest features of this prompt".
class OverviewView : public QTableView {
    Q_OBJECT
public:
    explicit OverviewView(QWidget *parent = nullptr);
    void setPrompt(const PromptIndex &index);
    void highlight(int layer, int feature);

Q_SIGNALS:
    void featureChosen(int layer, int feature);

protected:
    void changeEvent(QEvent *event) override;
    void currentChanged(const QModelIndex &current, const QModelIndex &previous) override;

private:
    void updateSizes();
    OverviewModel *model_;
    bool quiet_ = false;
};

} // namespace tt
