#!/bin/sh
# covers: cmd_data.c
# Data that cannot be used: one clear line each, exit code 3, nothing left behind.
. "$(dirname "$0")/lib.sh.inc"

check() { "$NASMITH" data check "$@"; }

fails 3 'absent' check absent.csv
mkdir empty && fails 3 'empty' check empty

# tables
printf 'a,b,y\n1,2,0\n2,3,1\n3,4,0\n4,5,1\n' > ok.csv
fails 2 'no column `z`|column `z`' check ok.csv --label z
printf 'a,b,y\n1,2,0\n2,x,1\n3,4,0\n4,5,1\n' > word.csv
fails 3 'word.csv:3:3.*b' check word.csv --label y
printf 'a,b,y\n1,2,0\n2,,1\n3,4,0\n4,5,1\n' > missing.csv
fails 3 'missing.csv:3:3.*b' check missing.csv --label y
printf 'a,b,y\n1,2,0\n2,nan,1\n3,4,0\n4,5,1\n' > nan.csv
fails 3 'nan.csv:3' check nan.csv --label y
printf 'a,b,y\n1,2,0\n2,3\n3,4,0\n4,5,1\n' > short.csv
fails 3 'short.csv:3' check short.csv --label y
printf 'a,b,y\n1,2,one\n2,3,one\n3,4,one\n4,5,one\n' > oneclass.csv
fails 3 'class' check oneclass.csv --label y
printf 'a,b,y\n1,2,p\n2,3,p\n3,4,p\n4,5,q\n' > single.csv
fails 3 'q' check single.csv --label y
printf 'a,b,y\n7,7,p\n7,7,q\n7,7,p\n7,7,q\n7,7,p\n7,7,q\n' > constant.csv
fails 3 'constant' check constant.csv --label y
: > nothing.csv
fails 3 'nothing.csv' check nothing.csv

# IDX
printf '\000\000\010\003' > train-images-idx3-ubyte
fails 3 'train-images' check train-images-idx3-ubyte
mkdir idx
printf '\000\000\010\003\000\000\000\002\000\000\000\002\000\000\000\002abcdefgh' > idx/train-images-idx3-ubyte
fails 3 'label' check idx
printf '\000\000\010\001\000\000\000\003\000\001\000' > idx/train-labels-idx1-ubyte
fails 3 '2.*3|3.*2' check idx
printf '\000\000\010\003\000\000\000\011\000\000\000\002\000\000\000\002abcdefgh' > idx/train-images-idx3-ubyte
fails 3 'truncated|short|bytes' check idx
printf 'not an idx file at all' > idx/train-images-idx3-ubyte
fails 3 'idx' check idx

# images
mkdir -p png/cat png/dog
printf 'no image' > png/cat/1.png
cp png/cat/1.png png/dog/2.png
fails 3 'png' check png
finish
