#!/bin/sh
# Wishes that the data cannot meet: folds, labels, anomalies, forecasts; exit code, message
# and hint of each, word for word.
. "$(dirname "$0")/lib.sh.inc"

# CODE ¦ flags ¦ content (\n between lines) ¦ message ¦ hint
bad_inputs 'table.csv' <<'END'
2¦--label y --folds 0¦a,y\n1,u\n2,v\n¦--folds 0: expected a number from 1, or auto¦
2¦--label y --folds many¦a,y\n1,u\n2,v\n¦--folds many: expected a number from 1, or auto¦
2¦--label y --folds 21¦a,y\n1,u\n2,v\n¦folds is 21, expected 1 to 20¦
2¦--label y --folds -3¦a,y\n1,u\n2,v\n¦--folds -3: expected a number from 1, or auto¦
2¦--label y --repeats 0¦a,y\n1,u\n2,v\n¦--repeats 0: expected a number from 1, or auto¦
2¦--label y --repeats 99¦a,y\n1,u\n2,v\n¦repeats is 99, expected 1 to 20¦
2¦--label y --folds 1 --repeats 2¦a,y\n1,u\n2,v\n3,u\n4,v\n5,u\n6,v\n¦--repeats 2 repeats folds, and there are none¦
3¦--label y --folds 9¦a,y\n1,u\n2,v\n3,u\n4,v\n5,u\n6,v\n¦--folds 9: there are only 5 rows to divide¦
2¦--label y --folds 4 --time-column t¦a,t,y\n1,1,u\n2,2,v\n3,3,u\n4,4,v\n5,5,u\n6,6,v\n¦--folds 4 is impossible: rows are validated on in the order of time¦
3¦--label y --folds 5 --group g¦a,g,y\n1,1,u\n2,1,v\n3,2,u\n4,2,v\n5,3,u\n6,3,v\n7,4,u\n8,4,v\n¦--folds 5: there are only 3 groups to divide¦
2¦--label y --task multilabel¦a,y\n1,0\n2,1\n3,0\n4,1\n¦--task multilabel: `table.csv` (table, 1 numeric column) has one label a row¦name several columns of 0 and 1: --label a,b,c
3¦--label y,z --task multilabel¦a,y,z\n1,0,1\n2,1,2\n3,0,0\n¦`table.csv`: row 2, column `z`: 2, a label is 0 or 1¦
3¦--label y,z --task multilabel¦a,y,z\n1,0,1\n2,0,1\n3,0,0\n4,0,1\n5,0,0\n6,0,1\n¦`table.csv`: target `y` is 0 in all 6 rows¦
3¦--label y,z --task multilabel¦a,y,z\n1,0,1\n2,yes,1\n3,0,0\n¦table.csv:3:3: row 2, column `y`: `yes`, expected a number¦only numbers can be predicted together, and order rows
2¦--label y,y --task multilabel¦a,y\n1,0\n2,1\n¦--label names column `y` twice¦
2¦--label y --task anomaly --normal good¦a,y\n1,u\n2,v\n3,u\n4,v\n¦`table.csv` has no class `good` (--normal)¦its first class is `u`
2¦--label y --task anomaly --folds 3¦a,y\n1,u\n2,v\n3,u\n4,v\n5,u\n6,u\n7,u\n8,v\n9,u\n¦--folds 3: with --task anomaly only normal rows are trained on, in one part¦
3¦--label y --task anomaly¦a,y\n1,u\n2,u\n3,u\n4,u\n¦`table.csv`: 0 of 4 rows are not of class `u`, expected 2 or more¦a few anomalies are needed to validate and test on
3¦--label y --task anomaly¦a,y\n1,u\n2,u\n3,u\n4,v\n5,u\n¦`table.csv`: 1 of 5 rows are not of class `u`, expected 2 or more¦a few anomalies are needed to validate and test on
2¦--label y,z --task anomaly¦a,y,z\n1,2,3\n2,3,4\n3,4,5\n¦--label names 2 columns, but only quantities (--task regression) and labels of 0 and 1 (--task multilabel) can be predicted together¦
2¦--label y --normal u¦a,y\n1,u\n2,v\n3,u\n4,v\n¦--normal u goes with --task anomaly¦
2¦--label y --task anomalies¦a,y\n1,u\n2,v\n3,u\n4,v\n¦unknown task `anomalies`, expected classification, regression, multilabel or anomaly¦did you mean `anomaly`?
2¦--label y --horizon 0¦y\n1\n2\n¦horizon: found 0, expected 1 to 4096 steps¦
2¦--label y --horizon 9999¦y\n1\n2\n¦horizon: found 9999, expected 1 to 4096 steps¦
3¦--label y --horizon 2 --window 2¦y\n1\n2\n3\n¦`table.csv`: no series of 4 steps, which a window of 2 + 2 needs¦
3¦--label y --horizon 2 --window 2¦y\n1\n2\n3\n4\n5\n6\n7\n8\n¦`table.csv`: 8 steps leave no window of 2 + 2 to validate on¦ask for less: a shorter --horizon or --window
2¦--label y --horizon 2 --length 4¦y\n1\n2\n3\n4\n5\n6\n7\n8\n¦--length and --horizon exclude each other: the past of a forecast is --window steps¦
2¦--label y --horizon 2 --task classification¦y\n1\n2\n3\n4\n¦--horizon forecasts quantities, which --task classification does not fit¦
2¦--label w --horizon 2¦y\n1\n2\n3\n4\n¦`table.csv` has no column `w` (--label)¦
2¦--label y,y --horizon 2¦y\n1\n2\n3\n4\n¦--label names column `y` twice¦
2¦--label y --horizon 2 --drop y¦x,y\n1,1\n2,2\n3,3\n4,4\n¦column `y` is to be forecast, so it cannot stand in --drop, --group or --time-column¦
2¦--label y --horizon 2 --group who¦x,y\n1,1\n2,2\n3,3\n4,4\n¦`table.csv` has no column `who` (--group)¦
3¦--label y --horizon 2¦x,y\n1,1\n2,?\n3,3\n4,4\n¦table.csv:3:3: column `y`: `?`, expected a number¦
3¦--label y --horizon 2¦x,y\n1,1\n2\n3,3\n4,4\n¦table.csv:3: 1 cell, expected 2¦
3¦--label y --horizon 2¦1,2\n3,4\n5,6\n¦table.csv:1: the first line holds numbers, expected column names¦
3¦--label y --horizon 2¦x,y\n¦`table.csv` has a header but no rows¦
2¦--horizon 2¦x,z\n1,2\n3,4\n¦which column of `table.csv` is to be forecast?¦name it, for example --label z
3¦--label y --horizon 2 --time-column t¦t,y\n1,1\n2,2\n2,3\n4,4\n¦table.csv:4:1: `2` is not after the time of the step before; a series is in order of time¦
3¦--label y --horizon 2 --time-column t¦t,y\n1,1\nlater,2\n3,3\n4,4\n¦table.csv:3:1: `later`, expected a number or a date such as 2026-11-25¦
2¦--label y --horizon 2 --time-column y¦t,y\n1,1\n2,2\n3,3\n4,4\n¦column `y` is to be forecast, so it cannot stand in --drop, --group or --time-column¦
3¦--label y --horizon 2 --window 3¦y\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n¦`table.csv`: target `y+1` is 7 in all 34 rows¦
END
finish
